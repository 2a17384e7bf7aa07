public import GatewayModel
public import SQLite

/// Everything that happened at this site, durable and numbered: the streams, and how far each consumer has got.
///
/// All methods may be called from any thread.
public final class Journal: Sendable {
    /// Opens or creates the journal. Repairs what a crash left; damaged segments are set aside and entered as losses.
    ///
    /// - Parameter state: the opened `state.db`, with `Journal.migrations` applied.
    public static func open(
        _ configuration: Configuration, state: Database, clock: any Clock
    ) throws(JournalError) -> Journal { throw .unusable("not yet written") }

    /// Ends the writer after what it has begun, and closes the files. Later appends fail with `closed`.
    public func close() {}

    /// Stores a batch. On return every message in it is durable (fsync done) or known to be so from before.
    ///
    /// Blocks for the duration of the commit; called by transport threads, each with its own batch. If it throws,
    /// nothing may be acknowledged to the source; trying the same batch again is always right.
    ///
    /// - Parameter redeliveryWindow: after a connection that resumed a session, how many of the next messages may be
    ///   repetitions: those among the batch's first that have neither id nor sequence are compared with as many of
    ///   the last committed. Pass what is left of the window with each following batch, 0 when it is used up.
    public func append(
        _ batch: ObservationBatch, redeliveryWindow: Int = 0
    ) throws(JournalError) -> AppendReceipt { throw .closed }

    /// The records after `after`, at most `limit` (1 to 10,000), with the gaps among them.
    ///
    /// - Parameter epoch: the numbering `after` belongs to; nil for the current one.
    public func read(
        _ stream: StreamName, after: SequenceNumber, limit: Int, epoch: String? = nil
    ) throws(JournalError) -> JournalPage { throw .closed }

    /// As `read`, without building arrays.
    ///
    /// - Parameters:
    ///   - gap: gets each gap, between the records where it belongs.
    ///   - body: gets each record; its storage is reused for the next one. False ends reading after it.
    /// - Returns: where to read on, and whether there is more now.
    @discardableResult
    public func visit(
        _ stream: StreamName, after: SequenceNumber, limit: Int, gap: (StreamGap) -> Void = { _ in },
        _ body: (borrowing StoredRecord) -> Bool
    ) throws(JournalError) -> (next: SequenceNumber, more: Bool) { throw .closed }

    /// Identity of the numbering: what a number means never changes within it.
    public var epoch: String { "" }

    public func status(of stream: StreamName) -> StreamStatus {
        StreamStatus(firstSeq: .zero, lastSeq: .zero, bytes: 0)
    }

    public var counters: JournalCounters { JournalCounters() }

    /// Whether the last commit succeeded: false while the disk is full or refuses.
    public var isWritable: Bool { true }

    /// Calls `body` on the writer's thread after each commit with the stream and its last number, until the
    /// subscription is cancelled or let go. It must be quick: wake somebody.
    public func onAppend(_ body: @escaping @Sendable (StreamName, SequenceNumber) -> Void) -> Subscription {
        Subscription {}
    }
}

/// Holds a callback in place for as long as it lives.
public final class Subscription: Sendable {
    private let end: @Sendable () -> Void

    init(_ end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }

    public func cancel() { end() }
}
