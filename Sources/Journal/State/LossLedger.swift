internal import GatewayModel
internal import SQLite
internal import Synchronization

/// What is no longer there and why. Whoever reads across it is told; what somebody needed counts as a loss.
final class LossLedger: Sendable {
    struct Loss: Sendable, Equatable {
        var stream: StreamName
        var gap: StreamGap
        /// How many of them a required consumer had not acknowledged.
        var needed: Int64
        /// When the last of them went, in milliseconds since 1970.
        var at: Int64 = 0
    }

    private let state: StateStore
    private let losses: Mutex<[StreamName: [Loss]]>
    /// What was evicted while a required consumer had it in memory, by stream: not lost unless it lets go of it.
    private let handed: Mutex<[StreamName: ClosedRange<Int64>]>

    init(_ state: StateStore) throws(SQLiteError) {
        self.state = state
        let rows = try state.durable.read { connection throws(SQLiteError) in
            try connection.rows(
                "SELECT stream, from_seq, to_seq, count, reason, needed_count, at_ms FROM journal_loss ORDER BY from_seq"
            ) { row -> Loss? in
                guard let stream = StreamName(rawValue: row.text(0)) else { return nil }
                let gap = StreamGap(
                    from: SequenceNumber(row.int64(1)), to: SequenceNumber(row.int64(2)), count: row.int64(3),
                    reason: row.text(4))
                return Loss(stream: stream, gap: gap, needed: row.int64(5), at: row.int64(6))
            }
        }
        losses = Mutex(Dictionary(grouping: rows.compactMap { $0 }, by: \.stream))
        handed = Mutex(try HandedRange.all(state))
    }

    /// Durable on return. A stretch that goes on where the last one of its kind ended lengthens it.
    ///
    /// - Parameter hand: of the stretch, what a required consumer has read and not acknowledged yet.
    func enter(_ loss: Loss, hand: ClosedRange<Int64>? = nil, at time: Timestamp) throws(SQLiteError) {
        let hand = hand.map { hand in
            handed.withLock { min($0[loss.stream]?.lowerBound ?? .max, hand.lowerBound)...hand.upperBound }
        }
        let known = losses.withLock { $0[loss.stream] ?? [] }
        guard !known.contains(where: { $0.gap.from <= loss.gap.from && loss.gap.to <= $0.gap.to }) else { return }
        let last = known.last
        let isContinued =
            last.map {
                $0.gap.reason == loss.gap.reason && $0.gap.to.next == loss.gap.from
            } ?? false
        try state.durable.write { connection throws(SQLiteError) in
            if let hand { try HandedRange.store(hand, of: loss.stream, connection) }
            if isContinued, let last {
                try connection.run(
                    """
                    UPDATE journal_loss SET to_seq = ?, count = count + ?, needed_count = needed_count + ?, at_ms = ?
                    WHERE stream = ? AND from_seq = ? AND to_seq = ?
                    """,
                    .integer(loss.gap.to.rawValue), .integer(loss.gap.count), .integer(loss.needed),
                    .integer(time.milliseconds), .text(loss.stream.rawValue), .integer(last.gap.from.rawValue),
                    .integer(last.gap.to.rawValue))
            } else {
                try connection.run(
                    """
                    INSERT INTO journal_loss
                        (stream, from_seq, to_seq, count, reason, needed, at_ms, needed_count)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """, .text(loss.stream.rawValue), .integer(loss.gap.from.rawValue),
                    .integer(loss.gap.to.rawValue), .integer(loss.gap.count), .text(loss.gap.reason),
                    .integer(loss.needed > 0 ? 1 : 0), .integer(time.milliseconds), .integer(loss.needed))
            }
        }
        if let hand { handed.withLock { $0[loss.stream] = hand } }
        var loss = loss
        loss.at = time.milliseconds
        losses.withLock { [loss] losses in
            var entries = losses[loss.stream] ?? []
            if isContinued, var last = entries.popLast() {
                last.gap.to = loss.gap.to
                last.gap.count += loss.gap.count
                last.needed += loss.needed
                last.at = loss.at
                entries.append(last)
            } else {
                entries.append(loss)
                entries.sort { $0.gap.from < $1.gap.from }
            }
            losses[loss.stream] = entries
        }
    }

    /// The stretches a reader crosses on its way from `after` to `end`, cut to what it crosses.
    func gaps(in stream: StreamName, after: Int64, through end: Int64) -> [StreamGap] {
        guard end > after else { return [] }
        return losses.withLock { losses in
            (losses[stream] ?? []).compactMap { loss in
                let gap = loss.gap
                let from = max(gap.from.rawValue, after + 1)
                let to = min(gap.to.rawValue, end)
                guard from <= to else { return nil }
                let isWhole = from == gap.from.rawValue && to == gap.to.rawValue
                return StreamGap(
                    from: SequenceNumber(from), to: SequenceNumber(to),
                    count: isWhole ? gap.count : min(gap.count, to - from + 1), reason: gap.reason)
            }
        }
    }

    /// Records lost that somebody needed, by stream.
    var counts: [StreamName: Int64] {
        losses.withLock { losses in
            losses.compactMapValues { entries in
                let count = entries.reduce(0) { $0 + $1.needed }
                return count > 0 ? count : nil
            }
        }
    }

    /// A required consumer has been told that `range` is gone, or has died with what it had in memory: of what was in its
    /// hands, this is lost now.
    ///
    /// - Returns: what is lost, for the audit.
    func forfeit(_ range: ClosedRange<Int64>, of stream: StreamName) throws(SQLiteError) -> ClosedRange<Int64>? {
        guard let hand = handed.withLock({ $0[stream] }), hand.overlaps(range) else { return nil }
        let lost = hand.clamped(to: range)
        let rest = lost.upperBound < hand.upperBound ? lost.upperBound + 1...hand.upperBound : nil
        let count = Int64(lost.count)
        let entry = losses.withLock { losses in
            losses[stream]?.first { $0.gap.from.rawValue <= lost.upperBound && lost.upperBound <= $0.gap.to.rawValue }
        }
        try state.durable.write { connection throws(SQLiteError) in
            try HandedRange.store(rest, of: stream, connection)
            guard let entry else { return }
            try connection.run(
                "UPDATE journal_loss SET needed_count = needed_count + ? WHERE stream = ? AND from_seq = ?",
                .integer(count), .text(stream.rawValue), .integer(entry.gap.from.rawValue))
        }
        handed.withLock { $0[stream] = rest }
        losses.withLock { losses in
            guard let entry, let index = losses[stream]?.firstIndex(where: { $0.gap.from == entry.gap.from }) else {
                return
            }
            losses[stream]?[index].needed += count
        }
        return lost
    }

    /// What has gone of a stream, in the order of its numbers.
    func entries(of stream: StreamName) -> [Loss] { losses.withLock { $0[stream] ?? [] } }

    /// Parts of what follows `start` up to `end` that no entry explains.
    func unexplained(_ stream: StreamName, after start: Int64 = 0, through end: Int64) -> [ClosedRange<Int64>] {
        var ranges: [ClosedRange<Int64>] = []
        var reached = start
        for gap in gaps(in: stream, after: start, through: end) {
            if gap.from.rawValue > reached + 1 { ranges.append(reached + 1...gap.from.rawValue - 1) }
            reached = max(reached, gap.to.rawValue)
        }
        if end > reached { ranges.append(reached + 1...end) }
        return ranges
    }
}
