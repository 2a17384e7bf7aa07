/// How long to wait before the next attempt: exponential with full jitter, so that a site full of gateways that lost the
/// same peer does not come back as one wave.
///
/// A peer that accepts and fails at once must not be hammered, so a success alone resets nothing: it has to last.
public struct Backoff: Sendable {
    private let initial: Duration
    private let max: Duration
    private let stableAfter: Duration
    /// Failures since the last stable while.
    public private(set) var failures = 0
    private var succeededAt: Int64?

    /// The n-th wait is drawn from zero up to `initial` doubled n times, at most `max`. A success that lasted for
    /// `stableAfter` starts over.
    public init(
        initial: Duration = .milliseconds(500), max: Duration = .seconds(60), stableAfter: Duration = .seconds(30)
    ) {
        self.initial = initial
        self.max = max
        self.stableAfter = stableAfter
    }

    /// The attempt succeeded at `now` (milliseconds of the monotonic clock).
    public mutating func succeeded(now: Int64) { succeededAt = now }

    /// The attempt failed, or what had succeeded ended, at `now` (milliseconds of the monotonic clock): how long to wait.
    public mutating func failed(now: Int64, using random: inout some RandomNumberGenerator) -> Duration {
        if let since = succeededAt, .milliseconds(now - since) >= stableAfter { failures = 0 }
        succeededAt = nil
        let ceiling = min(max, initial * Double(UInt64(1) << UInt64(min(failures, 40))))
        failures = min(failures + 1, 1_000)
        return ceiling * Double.random(in: 0...1, using: &random)
    }
}
