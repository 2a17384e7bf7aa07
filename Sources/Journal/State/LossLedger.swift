internal import GatewayModel
internal import SQLite
internal import Synchronization

/// What is no longer there and why. Whoever reads across it is told; what somebody needed counts as a loss.
final class LossLedger: Sendable {
    struct Loss: Sendable, Equatable {
        var stream: StreamName
        var gap: StreamGap
        var isNeeded: Bool
    }

    private let state: StateStore
    private let losses: Mutex<[StreamName: [Loss]]>

    init(_ state: StateStore) throws(SQLiteError) {
        self.state = state
        let rows = try state.durable.read { connection throws(SQLiteError) in
            try connection.rows(
                "SELECT stream, from_seq, to_seq, count, reason, needed FROM journal_loss ORDER BY from_seq"
            ) { row -> Loss? in
                guard let stream = StreamName(rawValue: row.text(0)) else { return nil }
                let gap = StreamGap(
                    from: SequenceNumber(row.int64(1)), to: SequenceNumber(row.int64(2)), count: row.int64(3),
                    reason: row.text(4))
                return Loss(stream: stream, gap: gap, isNeeded: row.int64(5) != 0)
            }
        }
        losses = Mutex(Dictionary(grouping: rows.compactMap { $0 }, by: \.stream))
    }

    /// Durable on return. A stretch that goes on where the last one of its kind ended lengthens it.
    func enter(_ loss: Loss, at time: Timestamp) throws(SQLiteError) {
        let known = losses.withLock { $0[loss.stream] ?? [] }
        guard !known.contains(where: { $0.gap.from <= loss.gap.from && loss.gap.to <= $0.gap.to }) else { return }
        let last = known.last
        let isContinued =
            last.map {
                $0.gap.reason == loss.gap.reason && $0.isNeeded == loss.isNeeded && $0.gap.to.next == loss.gap.from
            } ?? false
        try state.durable.write { connection throws(SQLiteError) in
            if isContinued, let last {
                try connection.run(
                    "UPDATE journal_loss SET to_seq = ?, count = count + ? WHERE stream = ? AND from_seq = ? AND to_seq = ?",
                    .integer(loss.gap.to.rawValue), .integer(loss.gap.count), .text(loss.stream.rawValue),
                    .integer(last.gap.from.rawValue), .integer(last.gap.to.rawValue))
            } else {
                try connection.run(
                    """
                    INSERT INTO journal_loss (stream, from_seq, to_seq, count, reason, needed, at_ms)
                    VALUES (?, ?, ?, ?, ?, ?, ?)
                    """, .text(loss.stream.rawValue), .integer(loss.gap.from.rawValue),
                    .integer(loss.gap.to.rawValue), .integer(loss.gap.count), .text(loss.gap.reason),
                    .integer(loss.isNeeded ? 1 : 0), .integer(time.milliseconds))
            }
        }
        losses.withLock { losses in
            var entries = losses[loss.stream] ?? []
            if isContinued, var last = entries.popLast() {
                last.gap.to = loss.gap.to
                last.gap.count += loss.gap.count
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
                let count = entries.reduce(0) { $0 + ($1.isNeeded ? $1.gap.count : 0) }
                return count > 0 ? count : nil
            }
        }
    }
}
