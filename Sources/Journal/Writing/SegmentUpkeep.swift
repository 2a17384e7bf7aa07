internal import GatewayModel
internal import SQLite

/// Seals segments that are full and evicts what the byte budget does not allow. On the writer's thread.
final class SegmentUpkeep {
    private let shared: JournalState
    /// Full segments, and whether their writer's connection is still open.
    private var unsealed: [(file: SegmentFile, log: StreamLog)] = []
    private var hasRun = false
    private var retryAt: Int64 = .min

    init(_ shared: JournalState) {
        self.shared = shared
        for log in shared.logs.values {
            for segment in log.segments.dropLast() where !segment.isSealed { unsealed.append((segment.file, log)) }
        }
    }

    /// Takes over a segment that will not be written any more.
    func add(_ segment: SegmentWriter, _ log: StreamLog) {
        unsealed.append((segment.file, log))
        hasRun = false
    }

    func run() {
        let now = shared.clock.now()
        guard !hasRun || !unsealed.isEmpty && now.monotonicMilliseconds >= retryAt else { return }
        // A segment that somebody reads just now, perhaps another process, is sealed at a later attempt.
        unsealed.removeAll { seal($0.file, $0.log) }
        retryAt = now.monotonicMilliseconds + 1_000
        hasRun = true
        evict(now)
    }

    private func seal(_ file: SegmentFile, _ log: StreamLog) -> Bool {
        shared.pool.retire(file)
        defer { shared.pool.allow(file) }
        do {
            try SegmentSeal.close(file)
            try Folder.sync(log.folder)
        } catch {
            return false
        }
        Folder.makeReadOnly(file.path)
        log.update(file, isSealed: true)
        return true
    }

    private func evict(_ now: ReceiveTime) {
        let budget = RetentionBudget(total: shared.configuration.maxBytes, streams: shared.configuration.streamMaxBytes)
        while let (stream, segment, last) = budget.victim(shared.logs, floors: { shared.cursors.requiredFloor(of: $0) })
        {
            guard let log = shared.logs[stream] else { return }
            let floor = shared.cursors.requiredFloor(of: stream) ?? .max
            let gap = StreamGap(
                from: SequenceNumber(segment.file.first), to: SequenceNumber(last),
                count: last - segment.file.first + 1, reason: "evicted")
            do {
                if floor < segment.file.first || floor >= last {
                    try shared.ledger.enter(
                        LossLedger.Loss(stream: stream, gap: gap, isNeeded: floor < last), at: now.wall)
                } else {
                    try enterHalves(gap, floor, stream, now.wall)
                }
            } catch {
                // Without an entry nothing may go; the next attempt comes with the next segment.
                return
            }
            log.drop(segment.file)
            shared.pool.retire(segment.file)
            segment.file.remove()
            shared.pool.allow(segment.file)
        }
    }

    /// A required consumer has got into the middle of the segment: only the rest is a loss.
    private func enterHalves(
        _ gap: StreamGap, _ floor: Int64, _ stream: StreamName, _ time: Timestamp
    ) throws(SQLiteError) {
        var done = gap
        done.to = SequenceNumber(floor)
        done.count = floor - gap.from.rawValue + 1
        try shared.ledger.enter(LossLedger.Loss(stream: stream, gap: done, isNeeded: false), at: time)
        var lost = gap
        lost.from = SequenceNumber(floor + 1)
        lost.count = gap.to.rawValue - floor
        try shared.ledger.enter(LossLedger.Loss(stream: stream, gap: lost, isNeeded: true), at: time)
    }
}

/// Which segment has to go first when there is too much.
struct RetentionBudget {
    var total: Int64
    var streams: [StreamName: Int64]

    /// Least important first.
    private static let priority: [StreamName] = [.logs, .tasks, .events, .readings, .audit]

    typealias Victim = (stream: StreamName, segment: StreamLog.Segment, last: Int64)

    /// The next segment to evict; nil if all is within bounds or nothing can be evicted.
    func victim(_ logs: [StreamName: StreamLog], floors: (StreamName) -> Int64?) -> Victim? {
        for stream in Self.priority {
            guard let limit = streams[stream], let log = logs[stream], log.bytes > limit else { continue }
            if let victim = oldest(log) { return victim }
        }
        guard logs.values.reduce(0, { $0 + $1.bytes }) > total else { return nil }
        let candidates = Self.priority.compactMap { logs[$0].flatMap(oldest) }
        // What every required consumer has is given up before anything that one still needs.
        return candidates.first { $0.last <= floors($0.stream) ?? .max } ?? candidates.first
    }

    /// The oldest sealed segment that is not the stream's only one.
    private func oldest(_ log: StreamLog) -> Victim? {
        let segments = log.segments
        guard segments.count > 1, segments[0].isSealed else { return nil }
        return (log.stream, segments[0], segments[1].file.first - 1)
    }
}
