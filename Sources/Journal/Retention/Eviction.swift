internal import GatewayModel
internal import SQLite

/// Takes segments out of the journal, with an entry in the ledger and one in the audit. On the writer's thread.
final class Eviction {
    private let shared: JournalState
    private let order: EvictionOrder
    /// Entries of the audit that have yet to be written.
    private(set) var notes: [Note] = []
    /// Losses that have yet to be entered, because `state.db` could not be written when the space was needed.
    private var unentered: [(loss: LossLedger.Loss, hand: ClosedRange<Int64>?)] = []
    private var agedAt: Int64 = .min

    /// Between two looks at the age of records.
    private static let ageInterval: Int64 = 60_000
    private static let noteCountMax = 1_000

    init(_ shared: JournalState) {
        self.shared = shared
        order = EvictionOrder(total: shared.configuration.maxBytes, retention: shared.configuration.retention)
    }

    /// Evicts what the byte budgets do not allow.
    func keepBudgets() {
        while let victim = order.overBudget(shared.logs, floors: floor) {
            guard take(victim) else { return }
        }
    }

    /// Evicts what is older than its stream's `max_age` and needed by nobody, now and then.
    func keepAges() {
        let now = shared.clock.now()
        guard now.wall.trusted, agedAt == .min || now.monotonicMilliseconds - agedAt >= Self.ageInterval else { return }
        agedAt = now.monotonicMilliseconds
        for (stream, log) in shared.logs.inOrder {
            guard let maxAge = shared.configuration.retention.of(stream).maxAge else { continue }
            let oldest = now.wall.milliseconds - Int64(clamping: maxAge.components.seconds) * 1_000
            for victim in AgeLimit(log, shared.pool).victims(before: oldest, through: floor(stream) ?? .max) {
                guard take(victim) else { break }
            }
        }
    }

    /// Evicts one segment because the disk is full. The bytes that went; nil if nothing can be evicted.
    func makeRoom() -> Int64? {
        guard let victim = order.next(shared.logs, .diskFull, floors: floor) else { return nil }
        take(victim)
        return victim.segment.bytes
    }

    /// Tries again to enter what could not be entered.
    func catchUp() {
        let now = shared.clock.now().wall
        while let (loss, hand) = unentered.first {
            // Whatever keeps it from being entered now, the next attempt comes in a second.
            guard (try? shared.ledger.enter(loss, hand: hand, at: now)) != nil else { return }
            unentered.removeFirst()
        }
    }

    /// The entries of the audit, which are the caller's from now on.
    func takeNotes() -> [Note] {
        defer { notes.removeAll() }
        return notes
    }

    /// - Returns: false if the segment stays, because it cannot be entered and its space is not needed this moment.
    @discardableResult
    private func take(_ victim: EvictionOrder.Victim) -> Bool {
        let now = shared.clock.now()
        guard let loss = shared.cursors.choosing({ enter(victim, now) }) else { return false }
        shared.pool.retire(victim.segment.file)
        victim.segment.file.remove()
        shared.pool.allow(victim.segment.file)
        // Else a power cut may bring back what consumers have been told is gone and have passed. A disk that refuses even
        // this is no reason to keep the segment.
        try? Folder.sync(victim.log.folder)
        note(loss, now)
        return true
    }

    /// Enters the loss of a segment, and drops it from its log.
    private func enter(_ victim: EvictionOrder.Victim, _ now: ReceiveTime) -> LossLedger.Loss? {
        let first = victim.segment.file.first
        let gap = StreamGap(
            from: SequenceNumber(first), to: SequenceNumber(victim.last), count: victim.last - first + 1,
            reason: victim.reason.rawValue)
        let stream = victim.log.stream
        let reach = shared.cursors.requiredReach(of: stream) ?? .max
        let needed = max(0, victim.last - max(reach, first - 1))
        let handedFrom = max(floor(stream) ?? .max, first - 1)
        let handedTo = min(reach, victim.last)
        let hand = handedFrom < handedTo ? handedFrom + 1...handedTo : nil
        let loss = LossLedger.Loss(stream: stream, gap: gap, needed: needed)
        do {
            try shared.ledger.enter(loss, hand: hand, at: now.wall)
        } catch {
            // Making room must not need room. If the process ends before the entry is made, opening the journal makes it.
            guard victim.reason == .diskFull else { return nil }
            unentered.append((loss, hand))
        }
        victim.log.drop(victim.segment.file)
        return loss
    }

    private func note(_ loss: LossLedger.Loss, _ now: ReceiveTime) {
        notes.append(.recordsEvicted(loss, now))
        // The ledger has them all; the audit must not fill the memory while it cannot be written.
        if notes.count > Self.noteCountMax { notes.removeFirst(notes.count - Self.noteCountMax) }
    }

    private func floor(_ stream: StreamName) -> Int64? { shared.cursors.requiredFloor(of: stream) }
}

extension Note {
    /// `records_evicted`, for the audit: what went, and how much of it a required consumer still needed.
    static func recordsEvicted(_ loss: LossLedger.Loss, _ now: ReceiveTime) -> Note {
        let body =
            "{\"stream\":\"\(loss.stream.rawValue)\",\"from\":\(loss.gap.from),\"to\":\(loss.gap.to),"
            + "\"count\":\(loss.gap.count),\"needed\":\(loss.needed),\"reason\":\"\(loss.gap.reason)\"}"
        return Note(.audit, kind: "records_evicted", body: body, received: now)
    }

    /// `records_lost`, for the audit: what had been evicted while a required consumer had it in memory, and is lost since
    /// it let go of it.
    static func recordsLost(_ stream: StreamName, _ range: ClosedRange<Int64>, _ now: ReceiveTime) -> Note {
        let body =
            "{\"stream\":\"\(stream.rawValue)\",\"from\":\(range.lowerBound),\"to\":\(range.upperBound),"
            + "\"count\":\(range.count),\"needed\":\(range.count),\"reason\":\"let_go\"}"
        return Note(.audit, kind: "records_lost", body: body, received: now)
    }
}
