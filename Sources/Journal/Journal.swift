public import GatewayModel
public import SQLite
internal import Synchronization

/// Everything that happened at this site, durable and numbered: the streams, and how far each consumer has got.
///
/// All methods may be called from any thread.
public final class Journal: Sendable {
    let state: JournalState
    private let writer: Mutex<WriterThread?>
    /// In place of the thread, for simulations.
    private let caller: CallersTurn?

    /// Opens or creates the journal. Repairs what a crash left; damaged segments are set aside and entered as losses.
    ///
    /// - Parameter state: the opened `state.db`, with `Journal.migrations` applied.
    public static func open(
        _ configuration: Configuration, state: Database, clock: any Clock
    ) throws(JournalError) -> Journal {
        let opened = try OpeningRelief.run(configuration) { () throws(JournalError) in
            try JournalOpening.open(configuration, state: state, clock: clock)
        }
        let committer = Committer(opened.state, opened.writers, owed: opened.owed)
        return Journal(opened.state, try WriterThread(opened.state, committer))
    }

    /// As `open`, but without a thread: whoever appends does the writer's work, so that in a simulation everything
    /// happens in one order. `turn()` stands for the moments at which the writer looks round by itself.
    package static func openWithoutThread(
        _ configuration: Configuration, state: Database, clock: any Clock
    ) throws(JournalError) -> Journal {
        let opened = try JournalOpening.open(configuration, state: state, clock: clock)
        return Journal(opened.state, Committer(opened.state, opened.writers, owed: opened.owed))
    }

    private init(_ state: JournalState, _ writer: WriterThread) {
        self.state = state
        self.writer = Mutex(writer)
        caller = nil
    }

    private init(_ state: JournalState, _ committer: sending Committer) {
        self.state = state
        writer = Mutex(nil)
        caller = CallersTurn(committer)
    }

    deinit { close() }

    /// Ends the writer after what it has begun, and closes the files. Later appends fail with `closed`.
    public func close() {
        // Readers first: the last connection to a segment tidies up behind it, which only a writer's can.
        state.pool.close()
        state.queue.stop()
        let writer = writer.withLock { $0.take() }
        writer?.join()
        caller?.close()
    }

    /// What the writer does once a second while nothing arrives. For a journal without a thread.
    package func turn() {
        caller?.rest()
        state.noteTurn()
    }

    /// Stores a batch. On return every message in it is durable (fsync done) or known to be so from before.
    ///
    /// Blocks for the duration of the commit; called by transport threads, each with its own batch. If it throws,
    /// nothing may be acknowledged to the source; trying the same batch again, with or without more in it, is always right:
    /// what of it is durable already is not stored again.
    ///
    /// - Parameter sessionStart: with the first batch after the transport has connected: what is to be expected of its
    ///   session. Applies to what the same source brings in all later batches too.
    @discardableResult
    public func append(
        _ batch: ObservationBatch, sessionStart: SessionStart? = nil
    ) throws(JournalError) -> AppendReceipt {
        guard !batch.isEmpty else { return AppendReceipt(outcomes: [], stored: 0, duplicates: 0) }
        let request = AppendRequest(batch, sessionStart: sessionStart)
        if let caller {
            caller.commit(request)
        } else {
            try state.queue.submit(request)
        }
        return try request.receipt()
    }

    /// Identity of the numbering: what a number means never changes within it.
    public var epoch: String { state.numbering.epoch }

    /// What the stream holds.
    public func status(of stream: StreamName) -> StreamStatus {
        let log = state.log(stream)
        return StreamStatus(firstSeq: SequenceNumber(log.first), lastSeq: SequenceNumber(log.last), bytes: log.bytes)
    }

    /// What has gone of the stream, and why; in the order of the numbers. What goes on where the last entry ended with the
    /// same reason lengthens it.
    public func losses(of stream: StreamName) -> [StreamLoss] {
        state.ledger.entries(of: stream).map {
            StreamLoss(gap: $0.gap, needed: $0.needed, at: Timestamp(milliseconds: $0.at, trusted: false))
        }
    }

    /// The disk that the journal is on, and what is kept back of it.
    public var disk: DiskStatus {
        let space = DiskSpace.of(state.configuration.dataDirectory)
        return DiskStatus(
            total: space?.total ?? 0, available: space?.available ?? 0,
            reserve: state.configuration.reserve?.bytes ?? 0, budget: state.configuration.maxBytes,
            segmentSize: state.configuration.segmentSize)
    }

    /// What was taken in, since the start.
    public var counters: JournalCounters { state.counted }

    /// Whether the last commit succeeded: false while the disk is full or refuses.
    public var isWritable: Bool { state.isWritable }

    /// Whether the writer comes round, refused for space or not: false when it has hung for ten seconds.
    public var answers: Bool { state.millisecondsSinceTurn < 10_000 }

    /// Segments found damaged since the journal was opened, at most the last hundred.
    public var damage: [DamageReport] { state.repairs.reports }

    /// Names of the damaged segments and databases that were set aside, now or earlier, and are still there to be looked at.
    public var damagedFiles: [String] {
        Folder.names(in: state.configuration.damagedFolder).filter { name in
            !["-wal", "-shm", "-journal"].contains { name.hasSuffix($0) }
        }.sorted()
    }

    /// Calls `body` on the writer's thread after each commit with the stream and its last number, until the
    /// subscription is cancelled or let go. It must be quick: wake somebody.
    public func onAppend(_ body: @escaping @Sendable (StreamName, SequenceNumber) -> Void) -> Subscription {
        let observers = state.observers
        let id = observers.add(body)
        return Subscription { observers.remove(id) }
    }
}
