public import GatewayModel
public import Journal
internal import SQLite

/// One destination's cursor over one stream: what it may do with the journal. `visit` is called on a thread of its own, the
/// rest on the destination's.
public struct DeliverySource: Sendable {
    /// How records are read: see `visit`.
    public typealias Visit =
        @Sendable (
            _ after: SequenceNumber, _ limit: Int, _ gap: (StreamGap) -> Void, _ body: (borrowing StoredRecord) -> Void
        ) throws -> (next: SequenceNumber, more: Bool)

    /// The stream, and the epoch of its numbers.
    public var stream: StreamName
    public var epoch: String
    /// The durable cursor: where to go on after a restart.
    public var acknowledged: @Sendable () -> SequenceNumber
    /// The last number of the stream now.
    public var last: @Sendable () -> SequenceNumber
    /// Lends the records after `after`, at most `limit`, in ascending order, and the gaps among them.
    ///
    /// Gives how far it has looked (the last record's number, or beyond it where records were lost), and whether there is
    /// something behind that already.
    public var visit: Visit
    /// Durable on return.
    public var acknowledge: @Sendable (_ upTo: SequenceNumber) throws -> Void
    /// Keeps the number of a record that the destination will never take, with the identity it was sent under and the
    /// reason. Durable on return.
    public var refuse:
        @Sendable (_ seq: SequenceNumber, _ identity: String, _ status: Int, _ reason: String) throws -> Void
    /// The batches that were under way at the last `seal`.
    public var seals: @Sendable () throws -> [BatchSeal] = { [] }
    /// Keeps these in place of all kept before. Survives the death of the process.
    public var seal: @Sendable ([BatchSeal]) throws -> Void = { _ in }
    /// Calls back whenever the stream has grown, quickly and from any thread, until the result is released.
    public var onAppend: @Sendable (_ body: @escaping @Sendable () -> Void) -> any Sendable

    public init(
        stream: StreamName, epoch: String, acknowledged: @escaping @Sendable () -> SequenceNumber,
        last: @escaping @Sendable () -> SequenceNumber, visit: @escaping Visit,
        acknowledge: @escaping @Sendable (_ upTo: SequenceNumber) throws -> Void,
        refuse:
            @escaping @Sendable (_ seq: SequenceNumber, _ identity: String, _ status: Int, _ reason: String) throws ->
            Void,
        onAppend: @escaping @Sendable (_ body: @escaping @Sendable () -> Void) -> any Sendable
    ) {
        self.stream = stream
        self.epoch = epoch
        self.acknowledged = acknowledged
        self.last = last
        self.visit = visit
        self.acknowledge = acknowledge
        self.refuse = refuse
        self.onAppend = onAppend
    }

    /// The cursor of `consumer` over `stream` of a journal; `seals` keeps batches, for kinds that need it.
    public init(journal: Journal, consumer: String, stream: StreamName, seals table: SealTable? = nil) {
        let epoch = journal.epoch
        self.init(
            stream: stream, epoch: epoch, acknowledged: { journal.cursor(consumer, stream) },
            last: { journal.status(of: stream).lastSeq },
            visit: { after, limit, gap, body in
                try journal.visit(stream, after: after, limit: limit, for: consumer, gap: gap) { record in
                    body(record)
                    return true
                }
            },
            acknowledge: { seq in try journal.acknowledge(consumer, stream, upTo: seq, epoch: epoch) },
            refuse: { seq, identity, status, reason in
                // Nothing is found if it has been evicted meanwhile: then it is in the loss ledger.
                var found: StoredRecord?
                try journal.visit(stream, after: SequenceNumber(seq.rawValue - 1), limit: 1, for: consumer) {
                    found = copy $0
                    return true
                }
                guard let record = found, record.seq == seq else { return }
                try journal.refuse(record, identity: identity, by: consumer, reason: reason, status: status)
            },
            onAppend: { body in
                journal.onAppend { grown, _ in
                    if grown == stream { body() }
                }
            })
        if let table {
            seals = { try table.seals(of: consumer, stream, epoch: epoch) }
            seal = { try table.keep($0, of: consumer, stream, epoch: epoch) }
        }
    }
}
