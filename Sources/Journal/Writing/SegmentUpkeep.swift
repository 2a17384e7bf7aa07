internal import GatewayModel
internal import SQLite

/// Seals segments that are full, and keeps the budgets after that. On the writer's thread.
final class SegmentUpkeep {
    private let shared: JournalState
    private let eviction: Eviction
    /// Full segments that are not sealed yet.
    private var unsealed: [(file: SegmentFile, log: StreamLog)] = []
    /// Sealed segments that have no checksums yet.
    private var unsummed: [(file: SegmentFile, log: StreamLog)] = []
    private var hasRun = false
    private var retryAt: Int64 = .min

    init(_ shared: JournalState, _ eviction: Eviction) {
        self.shared = shared
        self.eviction = eviction
        for (_, log) in shared.logs.inOrder {
            for segment in log.segments.dropLast() where !segment.isSealed { unsealed.append((segment.file, log)) }
            for segment in log.segments where segment.isSealed && !PageSums.exist(of: segment.file.path) {
                unsummed.append((segment.file, log))
            }
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
        let isLeft = !unsealed.isEmpty || !unsummed.isEmpty
        guard !hasRun || isLeft && now.monotonicMilliseconds >= retryAt else { return }
        // A segment that somebody reads just now, perhaps another process, is sealed at a later attempt.
        unsealed.removeAll { unsealed in shared.repairs.whileNoneIsRepaired { seal(unsealed.file, unsealed.log) } }
        // One at a time: intake waits meanwhile.
        if let next = unsummed.first, shared.repairs.whileNoneIsRepaired({ sum(next.file, next.log) }) {
            unsummed.removeFirst()
        }
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
        unsummed.append((file, log))
        return true
    }

    /// Sealing goes without: on a full disk what is sealed can make room, and checksums need some.
    private func sum(_ file: SegmentFile, _ log: StreamLog) -> Bool {
        guard log.segments.contains(where: { $0.file == file && $0.isSealed }) else { return true }
        // A repaired one has been given them.
        guard !PageSums.exist(of: file.path) else { return true }
        // Whoever has it open goes on without; who opens it from now on compares.
        shared.pool.retire(file)
        defer { shared.pool.allow(file) }
        // Tried again in a second.
        guard (try? SegmentSeal.sum(file)) != nil else { return false }
        log.update(file, isSealed: true)
        return true
    }
}
