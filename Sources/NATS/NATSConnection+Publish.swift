internal import CNATS

/// What a stream must look like for a message to be stored; the server refuses it otherwise.
public struct PublishExpectation: Sendable, Equatable {
    /// The sequence of the last message of the subject; 0: there is none.
    public var lastOfSubject: UInt64?
    /// The sequence of the last message of the whole stream; 0: there is none.
    public var lastOfStream: UInt64?

    public init(lastOfSubject: UInt64? = nil, lastOfStream: UInt64? = nil) {
        self.lastOfSubject = lastOfSubject
        self.lastOfStream = lastOfStream
    }
}

extension NATSConnection {
    /// Publishes without waiting: the answer comes as an event `.stored` or `.refused` with the token returned. None
    /// comes if the connection ends or the server drops the message.
    ///
    /// - Parameter id: goes as `Nats-Msg-Id`: the server ignores an id that it has seen within its duplicate window.
    public func publish(
        _ body: ArraySlice<UInt8>, to subject: String, id: String, expecting expectation: PublishExpectation
    ) throws(NATSError) -> UInt {
        var message: OpaquePointer?
        let status = body.withUnsafeBytes { bytes in
            let text = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            return natsMsg_Create(&message, subject, nil, text, Int32(clamping: bytes.count))
        }
        try Self.check(status)
        // Does nothing once the library has taken the message over.
        defer { natsMsg_Destroy(message) }
        let token = Self.token(of: message)
        try Self.check(natsMsgHeader_Set(message, "Nats-Msg-Id", id))
        if let last = expectation.lastOfSubject {
            try Self.check(natsMsgHeader_Set(message, "Nats-Expected-Last-Subject-Sequence", "\(last)"))
        }
        if let last = expectation.lastOfStream {
            try Self.check(natsMsgHeader_Set(message, "Nats-Expected-Last-Sequence", "\(last)"))
        }
        let published = js_PublishMsgAsync(jetStream, &message, nil)
        guard published == NATS_OK else { throw NATSError(published, limit: messageSizeMax) }
        return token
    }

    /// The address of a message stands for it until its answer has been taken.
    static func token(of message: OpaquePointer?) -> UInt { UInt(bitPattern: message) }
}
