internal import GatewayModel
internal import SQLite
internal import Synchronization

/// Repairs segments that turn out to be damaged while they are read, one at a time.
final class Repairs: Sendable {
    private struct State {
        var reports: [DamageReport] = []
        /// Reports that the events do not tell of yet.
        var untold: [DamageReport] = []
        var repaired: Set<String> = []
    }

    private let state: Mutex<State>
    private let turn = Mutex<Void>(())
    private let damagedFolder: String
    private static let reportCountMax = 100

    /// - Parameter found: what opening the journal has repaired.
    init(damagedFolder: String, found: [DamageReport]) {
        self.damagedFolder = damagedFolder
        state = Mutex(State(reports: found, untold: found))
    }

    var reports: [DamageReport] { state.withLock { $0.reports } }

    /// What has not been told yet; afterwards it counts as told.
    func takeUntold() -> [DamageReport] {
        state.withLock { state in
            defer { state.untold = [] }
            return state.untold
        }
    }

    /// Runs `body` while no segment is being repaired: for whoever else changes segments.
    func whileNoneIsRepaired<R>(_ body: () -> R) -> R { turn.withLock { _ in body() } }

    /// Puts what is left of the segment in its place and enters the rest as lost. Does nothing if that has been done.
    ///
    /// - Parameter following: the first number of the segment after it.
    func repair(
        _ segment: StreamLog.Segment, _ log: StreamLog, following: Int64, reason: String, _ journal: JournalState
    ) throws(SQLiteError) {
        try turn.withLock { _ throws(SQLiteError) in
            let file = segment.file
            guard !state.withLock({ $0.repaired.contains(file.path) }), log.holds(file) else { return }
            journal.pool.retire(file)
            defer { journal.pool.allow(file) }
            let (path, kept) = try SegmentRepair.run(
                file, log.stream, through: following - 1, damagedFolder: damagedFolder)
            if kept == nil { log.drop(file) } else { log.update(file, isSealed: true) }
            let last = kept?.last ?? file.first - 1
            var missing = kept?.missing ?? []
            if last + 1 < following { missing.append(last + 1...following - 1) }
            let now = journal.clock.now().wall
            for range in missing { try journal.ledger.enter(damaged: range, log.stream, at: now) }
            let report = DamageReport(
                stream: log.stream, first: SequenceNumber(file.first), reason: reason, path: path,
                kept: kept?.count ?? 0, lost: missing.reduce(0) { $0 + Int64($1.count) })
            state.withLock { state in
                state.repaired.insert(file.path)
                state.untold.append(report)
                state.reports.append(report)
                if state.reports.count > Self.reportCountMax { state.reports.removeFirst() }
            }
        }
    }
}

extension LossLedger {
    /// Enters records of a damaged segment as lost. Durable on return.
    func enter(damaged range: ClosedRange<Int64>, _ stream: StreamName, at time: Timestamp) throws(SQLiteError) {
        let gap = StreamGap(
            from: SequenceNumber(range.lowerBound), to: SequenceNumber(range.upperBound), count: Int64(range.count),
            reason: "damaged")
        try enter(Loss(stream: stream, gap: gap, needed: gap.count), at: time)
    }
}
