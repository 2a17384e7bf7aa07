public import GatewayModel

/// A stretch of a stream as a destination reads it.
public struct RecordPage: Sendable {
    /// In ascending order.
    public var records: [StoredRecord]
    /// Everything up to here has been looked at: the last record's number, or beyond it where records were lost.
    public var next: SequenceNumber
    /// Whether there is something behind `next` already.
    public var more: Bool

    public init(records: [StoredRecord], next: SequenceNumber, more: Bool) {
        self.records = records
        self.next = next
        self.more = more
    }
}

/// One destination's cursor over one stream: what it may do with the journal. `read` is called on a thread of its own, the
/// rest on the destination's.
public struct RecordSource: Sendable {
    /// The durable cursor: where to go on after a restart.
    public var acknowledged: @Sendable () -> SequenceNumber
    /// The last number of the stream now.
    public var last: @Sendable () -> SequenceNumber
    public var read: @Sendable (_ after: SequenceNumber, _ limit: Int) throws -> RecordPage
    /// Durable on return.
    public var acknowledge: @Sendable (_ upTo: SequenceNumber) throws -> Void
    /// Keeps a record that the destination will never take, with the identity it was sent under and the reason. Durable on return.
    public var refuse:
        @Sendable (_ record: StoredRecord, _ identity: String, _ status: Int, _ reason: String) throws -> Void
    /// Calls back whenever the stream has grown, quickly and from any thread, until the result is released.
    public var onAppend: @Sendable (_ body: @escaping @Sendable () -> Void) -> any Sendable

    public init(
        acknowledged: @escaping @Sendable () -> SequenceNumber,
        last: @escaping @Sendable () -> SequenceNumber,
        read: @escaping @Sendable (_ after: SequenceNumber, _ limit: Int) throws -> RecordPage,
        acknowledge: @escaping @Sendable (_ upTo: SequenceNumber) throws -> Void,
        refuse:
            @escaping @Sendable (_ record: StoredRecord, _ identity: String, _ status: Int, _ reason: String) throws ->
            Void,
        onAppend: @escaping @Sendable (_ body: @escaping @Sendable () -> Void) -> any Sendable
    ) {
        self.acknowledged = acknowledged
        self.last = last
        self.read = read
        self.acknowledge = acknowledge
        self.refuse = refuse
        self.onAppend = onAppend
    }
}
