import EventLoop
import GatewayModel

/// How many lines of text a board may put into the log: a burst, then one a second; the rest is counted.
struct LineQuota {
    private var limit = RateLimit(burst: 100, every: .seconds(1))
    private var suppressed = 0
    private var countedSince: Int64?

    /// How long suppressed lines are counted before they are told.
    static let reportEveryMilliseconds: Int64 = 60_000

    /// Whether a line at `now` (milliseconds of the monotonic clock) may be kept.
    mutating func admits(now: Int64) -> Bool {
        if limit.take(now: now) != nil { return true }
        suppressed += 1
        if countedSince == nil { countedSince = now }
        return false
    }

    /// When the next count is due; nil if nothing was suppressed.
    var due: Int64? { countedSince.map { $0 + Self.reportEveryMilliseconds } }

    /// The lines suppressed since the last count, if a minute is over.
    mutating func takeCount(now: Int64) -> Int? {
        guard let due, now >= due else { return nil }
        defer {
            suppressed = 0
            countedSince = nil
        }
        return suppressed
    }
}
