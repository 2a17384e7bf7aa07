/// Whether a slave is worth asking: after silence it is asked ever more rarely, so that the others do not wait for it.
struct SlaveCircuit: Sendable, Equatable {
    /// Silent polls in a row; 0 while it answers.
    private(set) var failures = 0
    /// When a silent one is asked again (milliseconds of the monotonic clock).
    private(set) var retryAt: Int64 = 0
    /// Whether it ever answered.
    private(set) var isKnown = false
    /// The slowest of the recent answers, in milliseconds, fading.
    private(set) var slowest: Double = 0
    private var answers = 0

    static let retryMilliseconds: Int64 = 1_000
    static let retryMillisecondsMax: Int64 = 60_000

    /// Closed: the slave answers and is read as often as it shall be.
    var isClosed: Bool { isKnown && failures == 0 }

    mutating func answered(after milliseconds: Double) {
        isKnown = true
        failures = 0
        answers += 1
        slowest = max(milliseconds, slowest * 0.98)
    }

    /// - Parameter now: from when on it may be asked again.
    mutating func wasSilent(now: Int64) {
        failures = min(failures + 1, 1_000)
        // One answer that was lost is asked for again as soon as may be, in the next pause.
        let wait = failures == 1 ? 0 : Self.retryMilliseconds << Int64(min(failures - 2, 6))
        retryAt = now + min(wait, Self.retryMillisecondsMax)
    }

    /// How long an answer is waited for. A slave that has always been quick is given up quickly: what it might still say
    /// is asked for again in a moment when nobody else waits, with all the time it may need.
    func timeout(most: Int64) -> Int64 {
        guard isClosed, answers >= 8 else { return most }
        return min(most, max(60, Int64(slowest * 5)))
    }
}
