internal import CNATS

/// A stream of JetStream as far as a publisher cares.
public struct StreamDescription: Sendable, Equatable {
    public var name: String
    public var subjects: [String]
    public var replicas: Int
    /// The sequence of the last message ever stored, 0 if there was none.
    public var lastSequence: UInt64
    /// How long the server remembers the ids of messages (nanoseconds).
    public var duplicateWindow: Int64
    public var messages: UInt64
    public var bytes: UInt64
    /// The server that leads it in a cluster.
    public var leader: String?
}

/// How a stream is made that does not exist.
public struct StreamPlan: Sendable, Equatable {
    public var name: String
    public var subjects: [String]
    public var replicas = 1
    /// Of more, the server refuses new messages, or drops the oldest ones. Nil: no limit.
    public var bytesMax: Int64?
    public var messagesMax: Int64?
    /// Larger messages are refused, headers included; nil: no limit but the server's.
    public var messageSizeMax: Int32?
    /// In nanoseconds; nil: no limit.
    public var ageMax: Int64?
    public var dropsOldest = false
    /// In nanoseconds.
    public var duplicateWindow: Int64 = 120_000_000_000

    public init(name: String, subjects: [String]) {
        self.name = name
        self.subjects = subjects
    }
}

/// A message as it is stored.
public struct StoredMessage: Sendable, Equatable {
    public var subject: String
    public var sequence: UInt64
    /// Its `Nats-Msg-Id`; nil if it was published without one.
    public var id: String?
    public var body: [UInt8]

    /// As read, or as a test would have it.
    public init(subject: String, sequence: UInt64, id: String?, body: [UInt8]) {
        self.subject = subject
        self.sequence = sequence
        self.id = id
        self.body = body
    }
}

extension NATSConnection {
    /// The stream of that name; nil if there is none. Asks the server and waits.
    public func stream(_ name: String) throws(NATSError) -> StreamDescription? {
        var found: UnsafeMutablePointer<jsStreamInfo>?
        var code = jsErrCode(0)
        let status = js_GetStreamInfo(&found, jetStream, name, nil, &code)
        defer { jsStreamInfo_Destroy(found) }
        if code == JSStreamNotFoundErr || (status == NATS_NOT_FOUND && code.rawValue == 0) { return nil }
        guard status == NATS_OK, let found else { throw NATSError(status, jetStream: code) }
        return StreamDescription(found.pointee)
    }

    /// Makes the stream. Waits.
    public func create(_ plan: StreamPlan) throws(NATSError) -> StreamDescription {
        var configuration = jsStreamConfig()
        try Self.check(jsStreamConfig_Init(&configuration))
        configuration.Replicas = Int64(plan.replicas)
        configuration.MaxBytes = plan.bytesMax ?? -1
        configuration.MaxMsgs = plan.messagesMax ?? -1
        configuration.MaxMsgSize = plan.messageSizeMax ?? -1
        configuration.MaxAge = plan.ageMax ?? 0
        configuration.Discard = plan.dropsOldest ? js_DiscardOld : js_DiscardNew
        configuration.Duplicates = plan.duplicateWindow
        configuration.Storage = js_FileStorage
        var made: UnsafeMutablePointer<jsStreamInfo>?
        var code = jsErrCode(0)
        let status = Self.withCStrings(plan.subjects) { subjects in
            plan.name.withCString { name in
                configuration.Name = name
                configuration.Subjects = subjects.baseAddress
                configuration.SubjectsLen = Int32(subjects.count)
                return js_AddStream(&made, jetStream, &configuration, nil, &code)
            }
        }
        defer { jsStreamInfo_Destroy(made) }
        guard status == NATS_OK, let made else { throw NATSError(status, jetStream: code) }
        return StreamDescription(made.pointee)
    }

    /// Removes the stream and what it holds. Waits.
    public func delete(stream name: String) throws(NATSError) {
        var code = jsErrCode(0)
        let status = js_DeleteStream(jetStream, name, nil, &code)
        guard status == NATS_OK else { throw NATSError(status, jetStream: code) }
    }

    /// The last message that the stream holds of the subject; nil if there is none. Asks the server and waits.
    public func lastMessage(of subject: String, in stream: String) throws(NATSError) -> StoredMessage? {
        var message: OpaquePointer?
        var code = jsErrCode(0)
        let status = js_GetLastMsg(&message, jetStream, stream, subject, nil, &code)
        return try Self.stored(message, status, code)
    }

    /// The message under `sequence`; nil if there is none any more. Asks the server and waits.
    public func message(_ sequence: UInt64, in stream: String) throws(NATSError) -> StoredMessage? {
        var message: OpaquePointer?
        var code = jsErrCode(0)
        let status = js_GetMsg(&message, jetStream, stream, sequence, nil, &code)
        return try Self.stored(message, status, code)
    }

    /// The messages of the subject from sequence `first` to `last`, oldest first, without their bodies. Asks the server and
    /// waits for each.
    ///
    /// - Parameter last: the sequence of a message of this subject.
    public func messages(
        of subject: String, in stream: String, from first: UInt64, through last: UInt64
    ) throws(NATSError) -> [StoredMessage] {
        guard first <= last else { return [] }
        var options = jsSubOptions()
        try Self.check(jsSubOptions_Init(&options))
        options.Config.DeliverPolicy = js_DeliverByStartSequence
        options.Config.OptStartSeq = max(1, first)
        options.Config.AckPolicy = js_AckNone
        options.Config.HeadersOnly = true
        var subscription: OpaquePointer?
        var code = jsErrCode(0)
        let status = stream.withCString { name in
            options.Stream = name
            return js_SubscribeSync(&subscription, jetStream, subject, nil, &options, &code)
        }
        // Removes the server's side of it, too.
        defer { natsSubscription_Destroy(subscription) }
        guard status == NATS_OK else { throw NATSError(status, jetStream: code) }
        var messages: [StoredMessage] = []
        while messages.last.map({ $0.sequence < last }) ?? true {
            var message: OpaquePointer?
            try Self.check(natsSubscription_NextMsg(&message, subscription, requestTimeout))
            defer { natsMsg_Destroy(message) }
            var place: UnsafeMutablePointer<jsMsgMetaData>?
            try Self.check(natsMsg_GetMetaData(&place, message))
            defer { jsMsgMetaData_Destroy(place) }
            messages.append(
                StoredMessage(
                    subject: subject, sequence: place?.pointee.Sequence.Stream ?? 0, id: Self.id(of: message), body: [])
            )
        }
        return messages
    }

    private static func id(of message: OpaquePointer?) -> String? {
        var id: UnsafePointer<CChar>?
        guard natsMsgHeader_Get(message, "Nats-Msg-Id", &id) == NATS_OK else { return nil }
        return id.map { String(cString: $0) }
    }

    private static func stored(
        _ message: OpaquePointer?, _ status: natsStatus, _ code: jsErrCode
    ) throws(NATSError) -> StoredMessage? {
        defer { natsMsg_Destroy(message) }
        if code == JSNoMessageFoundErr || (status == NATS_NOT_FOUND && code.rawValue == 0) { return nil }
        guard status == NATS_OK, let message else { throw NATSError(status, jetStream: code) }
        let count = Int(clamping: natsMsg_GetDataLength(message))
        let body = UnsafeRawBufferPointer(start: natsMsg_GetData(message), count: count)
        return StoredMessage(
            subject: String(cString: natsMsg_GetSubject(message)), sequence: natsMsg_GetSequence(message),
            id: id(of: message), body: Array(body))
    }

    private static func withCStrings<Result>(
        _ texts: [String], _ body: (UnsafeMutableBufferPointer<UnsafePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = texts.map { text in
            let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.utf8.count + 1)
            text.withCString { copy.initialize(from: $0, count: text.utf8.count + 1) }
            return copy
        }
        defer { for copy in copies { copy.deallocate() } }
        var pointers = copies.map { UnsafePointer<CChar>?($0) }
        return pointers.withUnsafeMutableBufferPointer { body($0) }
    }
}

extension StreamDescription {
    init(_ found: jsStreamInfo) {
        let configuration = found.Config?.pointee
        var subjects: [String] = []
        for index in 0..<Int(configuration?.SubjectsLen ?? 0) {
            if let subject = configuration?.Subjects?[index] { subjects.append(String(cString: subject)) }
        }
        self.init(
            name: configuration?.Name.map { String(cString: $0) } ?? "", subjects: subjects,
            replicas: Int(clamping: configuration?.Replicas ?? 0), lastSequence: found.State.LastSeq,
            duplicateWindow: configuration?.Duplicates ?? 0, messages: found.State.Msgs, bytes: found.State.Bytes,
            leader: found.Cluster?.pointee.Leader.map { String(cString: $0) })
    }
}
