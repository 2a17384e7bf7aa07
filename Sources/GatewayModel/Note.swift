/// A record of the streams other than `readings`: something that happened, in words and JSON.
public struct Note: Sendable, Equatable {
    public var stream: StreamName
    /// A stable snake_case name such as `sequence_gap`, `device_rejected`, `serial_line`.
    public var kind: String
    public var device: DeviceID?
    /// The particulars: the text of one JSON object, without newlines.
    public var body: String
    public var received: ReceiveTime
    /// The reading that caused it, so that a crash between the two streams neither loses nor doubles it.
    public var cause: SequenceNumber?
    /// Hash of the message it was made of, by which a repetition of that message is known; nil if the gateway made it.
    public var messageHash: UInt64?
    /// As of `Observation`.
    public var isRedelivered = false

    public init(
        _ stream: StreamName, kind: String, device: DeviceID? = nil, body: String = "{}", received: ReceiveTime,
        cause: SequenceNumber? = nil
    ) {
        self.stream = stream
        self.kind = kind
        self.device = device
        self.body = body
        self.received = received
        self.cause = cause
    }
}
