internal import GatewayModel

/// Says which segment has to go first when there is too much.
struct EvictionOrder {
    /// What all streams together may take.
    var total: Int64
    var retention: [StreamName: StreamRetention]

    struct Victim {
        var log: StreamLog
        var segment: StreamLog.Segment
        /// The last number of the segment.
        var last: Int64
        var reason: Reason
    }

    /// Why records were given up: told to readers as the reason of the gap.
    enum Reason: String {
        /// The byte budget of the stream or of the journal.
        case evicted
        /// `max_age`.
        case expired
        /// The disk had no room for what came in.
        case diskFull = "disk_full"
    }

    /// The stream's share of the budget that only streams as important as itself may take from it.
    private static let guardedShare: Int64 = 8

    /// The next segment to evict for the byte budgets; nil if all is within bounds or nothing can be evicted.
    func overBudget(_ logs: [StreamName: StreamLog], floors: (StreamName) -> Int64?) -> Victim? {
        for stream in streams {
            guard let limit = retention.of(stream).maxBytes, let log = logs[stream], log.bytes > limit else { continue }
            if let victim = oldest(log, .evicted, sealedOnly: true) { return victim }
        }
        guard logs.values.reduce(0, { $0 + $1.bytes }) > total else { return nil }
        return next(logs, .evicted, floors: floors)
    }

    /// The next segment to evict whatever the budgets say; nil if nothing can be evicted.
    func next(
        _ logs: [StreamName: StreamLog], _ reason: Reason, floors: (StreamName) -> Int64?
    ) -> Victim? {
        let all = streams.compactMap { logs[$0].flatMap { oldest($0, reason, sealedOnly: reason != .diskFull) } }
        // What is rare and important keeps its share as long as there is something else.
        let candidates = all.filter {
            !retention.isGuarded($0.log.stream) || $0.log.bytes > total / Self.guardedShare
        }
        // What every required consumer has is given up before anything that one still needs.
        return candidates.first { $0.last <= floors($0.log.stream) ?? .max } ?? candidates.first ?? all.first
    }

    /// Least important first.
    private var streams: [StreamName] {
        StreamName.allCases.sorted { retention.of($0).priority < retention.of($1).priority }
    }

    /// The stream's oldest segment, unless it is the only one. On a full disk one that could not be sealed goes too.
    private func oldest(_ log: StreamLog, _ reason: Reason, sealedOnly: Bool) -> Victim? {
        let segments = log.segments
        guard segments.count > 1, segments[0].isSealed || !sealedOnly else { return nil }
        return Victim(log: log, segment: segments[0], last: segments[1].file.first - 1, reason: reason)
    }
}
