internal import GatewayModel
internal import SQLite
internal import Synchronization

/// What the writer's thread and everybody else have in common.
final class JournalState: Sendable {
    let configuration: Journal.Configuration
    let clock: any Clock
    let state: StateStore
    let numbering: StateStore.Numbering
    let logs: [StreamName: StreamLog]
    let pool: ReaderPool
    let ledger: LossLedger
    let repairs: Repairs
    let cursors: CursorTable
    let clockWatch: ClockWatch
    let observers = Observers()
    let memory: Mutex<IntakeMemory>
    let queue: AppendQueue
    /// When the writer last came round, in milliseconds of the monotonic clock.
    private let turnedAt: Atomic<Int64>
    private let owed = Mutex<[Note]>([])
    private let counters = Mutex((counters: JournalCounters(), isWritable: true))

    init(
        _ configuration: Journal.Configuration, clock: any Clock, state: StateStore, numbering: StateStore.Numbering,
        logs: [StreamName: StreamLog], pool: ReaderPool,
        ledger: LossLedger, repairs: Repairs, memory: IntakeMemory
    ) throws(SQLiteError) {
        self.configuration = configuration
        self.clock = clock
        turnedAt = Atomic(clock.now().monotonicMilliseconds)
        self.state = state
        self.numbering = numbering
        self.logs = logs
        self.pool = pool
        self.ledger = ledger
        self.repairs = repairs
        self.memory = Mutex(memory)
        cursors = try CursorTable(state, epoch: numbering.epoch)
        clockWatch = try ClockWatch(state, pool.book, boot: configuration.boot)
        queue = AppendQueue(linger: configuration.linger)
    }

    /// Leaves an entry of the audit for the writer.
    func owe(_ note: Note) { owed.withLock { $0.append(note) } }

    func takeOwed() -> [Note] {
        owed.withLock { owed in
            defer { owed.removeAll() }
            return owed
        }
    }

    func log(_ stream: StreamName) -> StreamLog {
        guard let log = logs[stream] else { preconditionFailure("every stream has a log") }
        return log
    }

    /// - Parameter isWritable: what the commit showed; nil for nothing.
    func count(accepted: Int, duplicates: Int, commits: Int, isWritable: Bool?) {
        counters.withLock {
            $0.counters.accepted += Int64(accepted)
            $0.counters.duplicates += Int64(duplicates)
            $0.counters.commits += Int64(commits)
            if isWritable == false { $0.counters.failedCommits += 1 }
            if let isWritable { $0.isWritable = isWritable }
        }
    }

    /// A probe has succeeded after a failure.
    func recover() { counters.withLock { $0.isWritable = true } }

    var counted: JournalCounters {
        var counted = counters.withLock { $0.counters }
        counted.losses = ledger.counts
        return counted
    }

    func noteTurn() { turnedAt.store(clock.now().monotonicMilliseconds, ordering: .relaxed) }

    var millisecondsSinceTurn: Int64 {
        clock.now().monotonicMilliseconds - turnedAt.load(ordering: .relaxed)
    }

    var isWritable: Bool { counters.withLock { $0.isWritable } }
}
