public import GatewayModel

/// What a stream holds now.
public struct StreamStatus: Sendable, Equatable {
    /// The oldest record there is; one beyond `lastSeq` if there is none.
    public var firstSeq: SequenceNumber
    /// The newest record, zero if there has never been one.
    public var lastSeq: SequenceNumber
    /// Bytes on disk.
    public var bytes: Int64

    public init(firstSeq: SequenceNumber, lastSeq: SequenceNumber, bytes: Int64) {
        self.firstSeq = firstSeq
        self.lastSeq = lastSeq
        self.bytes = bytes
    }
}

/// Counted since the journal was opened, losses since it exists.
public struct JournalCounters: Sendable, Equatable {
    public var accepted: Int64 = 0
    public var duplicates: Int64 = 0
    public var commits: Int64 = 0
    public var failedCommits: Int64 = 0
    /// Records that are gone although somebody needed them.
    public var losses: [StreamName: Int64] = [:]

    public init() {}
}

/// A consumer of one stream and how far it has got.
public struct ConsumerStatus: Sendable, Equatable {
    public var name: String
    public var stream: StreamName
    public var acknowledged: SequenceNumber
    /// Records it has not acknowledged yet.
    public var lag: Int64
    /// Retention waits for it as long as the byte budget allows.
    public var isRequired: Bool
    public var lastAcknowledgement: Timestamp?

    public init(
        name: String, stream: StreamName, acknowledged: SequenceNumber, lag: Int64, isRequired: Bool,
        lastAcknowledgement: Timestamp?
    ) {
        self.name = name
        self.stream = stream
        self.acknowledged = acknowledged
        self.lag = lag
        self.isRequired = isRequired
        self.lastAcknowledgement = lastAcknowledgement
    }
}

/// A consumer that the configuration names.
public struct RequiredConsumer: Sendable, Equatable {
    /// Where a consumer begins that was never seen before.
    public enum Start: String, Sendable { case oldest, now }

    /// Who reads what.
    public var name: String
    public var stream: StreamName
    /// Where it begins when it is new.
    public var start: Start

    public init(_ name: String, _ stream: StreamName, from start: Start = .oldest) {
        self.name = name
        self.stream = stream
        self.start = start
    }
}

/// A record that a destination condemned: it counts as acknowledged, and is kept to be looked at and sent again.
public struct RefusedRecord: Sendable, Equatable {
    public var id: Int64
    public var consumer: String
    public var stream: StreamName
    public var seq: SequenceNumber
    /// The record's identity or message id, as the destination was told.
    public var identity: String
    public var reason: String
    /// The HTTP status or other number the destination answered with.
    public var status: Int
    public var at: Timestamp

    public init(
        id: Int64, consumer: String, stream: StreamName, seq: SequenceNumber, identity: String, reason: String,
        status: Int, at: Timestamp
    ) {
        self.id = id
        self.consumer = consumer
        self.stream = stream
        self.seq = seq
        self.identity = identity
        self.reason = reason
        self.status = status
        self.at = at
    }
}

/// One reading with the message it came in, as queries give it.
public struct ReadingRow: Sendable, Equatable {
    public var seq: SequenceNumber
    public var device: DeviceID
    /// When it was measured as far as can be told: the device's own time if it gave one, else that of arrival.
    public var time: Timestamp
    public var reading: Reading

    public init(seq: SequenceNumber, device: DeviceID, time: Timestamp, reading: Reading) {
        self.seq = seq
        self.device = device
        self.time = time
        self.reading = reading
    }
}
