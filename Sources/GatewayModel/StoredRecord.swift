/// A record as read back from the journal: everything that consumers are told about it.
public struct StoredRecord: Sendable, Equatable {
    public var stream: StreamName
    public var seq: SequenceNumber
    /// The epoch in which it was appended: part of its identity for ever, also after a later epoch began.
    public var epoch: String
    public var device: DeviceID?
    /// The device's own sequence; nil if it sent none.
    public var deviceSeq: UInt32?
    /// The number upstream envelopes carry: the device's own, else the gateway's persistent count for this device.
    public var upstreamSeq: UInt32
    /// The device's own message id, verbatim; nil if it sent none.
    public var messageID: String?
    public var deviceTime: Timestamp?
    public var received: ReceiveTime
    /// The gateway boot in which it was received (the kernel's boot id).
    public var boot: String
    /// Counts the boots of the device as the gateway saw them, from 0.
    public var deviceBoot: Int64
    public var source: SourceKind
    public var flags: RecordFlags
    public var readings: [Reading]
    /// For streams other than `readings`.
    public var kind: String?
    public var body: String?

    public init(
        stream: StreamName, seq: SequenceNumber, device: DeviceID?, deviceSeq: UInt32?, upstreamSeq: UInt32,
        messageID: String?, deviceTime: Timestamp?, received: ReceiveTime, boot: String, deviceBoot: Int64,
        source: SourceKind, flags: RecordFlags, readings: [Reading], kind: String?, body: String?, epoch: String = ""
    ) {
        self.stream = stream
        self.seq = seq
        self.epoch = epoch
        self.device = device
        self.deviceSeq = deviceSeq
        self.upstreamSeq = upstreamSeq
        self.messageID = messageID
        self.deviceTime = deviceTime
        self.received = received
        self.boot = boot
        self.deviceBoot = deviceBoot
        self.source = source
        self.flags = flags
        self.readings = readings
        self.kind = kind
        self.body = body
    }
}

/// A stretch of a stream that is no longer there, as every consumer that would have read it is told.
public struct StreamGap: Sendable, Equatable {
    public var from: SequenceNumber
    public var to: SequenceNumber
    /// Records lost in the stretch.
    public var count: Int64
    /// `evicted`, `damaged` … a stable snake_case name.
    public var reason: String

    public init(from: SequenceNumber, to: SequenceNumber, count: Int64, reason: String) {
        self.from = from
        self.to = to
        self.count = count
        self.reason = reason
    }
}
