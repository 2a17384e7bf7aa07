/// How many lines of text a port may put into the log: a burst, then one at a time; the rest is counted.
struct LineQuota {
    /// Lines at once, and how long until another one may follow. The usual is for boards.
    private let most: Int
    private let refillMilliseconds: Int64
    /// How long withheld lines are counted before they are told.
    static let reportEveryMilliseconds: Int64 = 60_000

    private var left: Int
    private var refilledAt: Int64?
    private var withheldCount = 0
    private var countedSince: Int64?

    static let burst = 100

    init(burst: Int = LineQuota.burst, refillMilliseconds: Int64 = 1_000) {
        most = burst
        self.refillMilliseconds = refillMilliseconds
        left = burst
    }

    /// Lines that may be kept at `now` (milliseconds of the monotonic clock).
    mutating func allowance(now: Int64) -> Int {
        let since = refilledAt ?? now
        let gained = max(0, (now - since) / refillMilliseconds)
        refilledAt = since + gained * refillMilliseconds
        left = min(most, left + Int(gained))
        return left
    }

    /// A line was kept.
    mutating func spend() { left = max(0, left - 1) }

    /// Lines were not kept.
    mutating func withheld(_ count: Int, now: Int64) {
        guard count > 0 else { return }
        withheldCount += count
        if countedSince == nil { countedSince = now }
    }

    /// When the next count is due; nil if nothing was withheld.
    var due: Int64? { countedSince.map { $0 + Self.reportEveryMilliseconds } }

    /// The lines withheld since the last count, if a minute is over.
    mutating func takeCount(now: Int64) -> Int? {
        guard let due, now >= due else { return nil }
        defer {
            withheldCount = 0
            countedSince = nil
        }
        return withheldCount
    }
}
