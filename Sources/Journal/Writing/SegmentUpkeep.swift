internal import GatewayModel
internal import SQLite

/// Seals segments that are full, and keeps the budgets after that. On the writer's thread.
final class SegmentUpkeep {
    private let shared: JournalState
    private let eviction: Eviction
    /// Full segments that are not sealed yet.
    private var unsealed: [(file: SegmentFile, log: StreamLog)] = []
    private var hasRun = false
    private var retryAt: Int64 = .min

    init(_ shared: JournalState, _ eviction: Eviction) {
        self.shared = shared
        self.eviction = eviction
        for (_, log) in shared.logs.inOrder {
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
        eviction.keepAges()
        guard !hasRun || !unsealed.isEmpty && now.monotonicMilliseconds >= retryAt else { return }
        // A segment that somebody reads just now, perhaps another process, is sealed at a later attempt.
        unsealed.removeAll { unsealed in shared.repairs.whileNoneIsRepaired { seal(unsealed.file, unsealed.log) } }
        retryAt = now.monotonicMilliseconds + 1_000
        hasRun = true
        eviction.keepBudgets()
    }

    private func seal(_ file: SegmentFile, _ log: StreamLog) -> Bool {
        // Evicted, or repaired, which is as good as sealed.
        guard log.segments.contains(where: { $0.file == file && !$0.isSealed }) else { return true }
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
}
