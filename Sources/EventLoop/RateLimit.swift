import GatewayModel

/// A token bucket: lets a burst through, then a steady rate, and counts what it held back.
public struct RateLimit: Sendable {
    private let burst: Int64
    private let refillMilliseconds: Int64
    private var tokens: Int64
    private var refilledAt: Int64?
    /// Refusals since the last time something was let through, to be told with it.
    public private(set) var suppressed = 0

    /// `burst` at once, and then one more every `interval` (at least one millisecond).
    public init(burst: Int, every interval: Duration) {
        self.burst = Int64(max(1, burst))
        refillMilliseconds = max(1, interval.milliseconds)
        tokens = self.burst
    }

    /// Whether one more may pass at `now` (milliseconds of the monotonic clock). Nil if not; else how many were
    /// suppressed since the last one that passed.
    public mutating func take(now: Int64) -> Int? {
        refill(now: now)
        guard tokens > 0 else {
            suppressed += 1
            return nil
        }
        tokens -= 1
        defer { suppressed = 0 }
        return suppressed
    }

    private mutating func refill(now: Int64) {
        guard let since = refilledAt, now >= since else {
            refilledAt = now
            return
        }
        let gained = (now - since) / refillMilliseconds
        if tokens + gained >= burst {
            tokens = burst
            refilledAt = now
        } else {
            tokens += gained
            refilledAt = since + gained * refillMilliseconds
        }
    }
}
