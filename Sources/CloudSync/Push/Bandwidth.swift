/// A cap on bytes a second that keeps the average and lets what is urgent go first.
///
/// Requests are paid for when they are made, on credit: bulk is sent while there is any left, urgent records for as long
/// as the debt is below what `creditSpan` earns. Times are milliseconds of the monotonic clock.
struct Bandwidth {
    /// How much bulk may be saved up, and how much of one request may be owed.
    static let saveSpan: Int64 = 500
    static let creditSpan: Int64 = 5_000

    private let rate: Int64?
    private var credit: Int64
    private var at: Int64?

    init(_ rate: Int64?) {
        self.rate = rate
        credit = 0
    }

    /// The most that a bulk request should hold, so that what is urgent never waits long behind it.
    var requestByteCountMax: Int? { rate.map { Int(clamping: max(1_024, $0 * Self.saveSpan / 1_000)) } }

    mutating func allows(isUrgent: Bool, now: Int64) -> Bool {
        guard let rate else { return true }
        earn(now)
        return isUrgent ? credit > -rate * Self.creditSpan / 1_000 : credit >= 0
    }

    mutating func spend(_ bytes: Int) { if rate != nil { credit -= Int64(clamping: bytes) } }

    /// When `allows` will say yes, if nothing is spent; nil if it does now.
    func allowedAt(isUrgent: Bool, now: Int64) -> Int64? {
        guard let rate else { return nil }
        let floor = isUrgent ? -rate * Self.creditSpan / 1_000 + 1 : 0
        let elapsed = at.map { now - $0 } ?? 0
        let earned = credit + elapsed * rate / 1_000
        guard earned < floor else { return nil }
        return now + max(1, ((floor - earned) * 1_000 + rate - 1) / rate)
    }

    private mutating func earn(_ now: Int64) {
        guard let rate else { return }
        guard let since = at else {
            at = now
            return
        }
        // Whole bytes only: what a moment is too short for is earned later.
        let gained = max(0, min(now - since, 600_000)) * rate / 1_000
        guard gained > 0 else { return }
        credit = min(rate * Self.saveSpan / 1_000, credit + gained)
        at = now - since > 600_000 ? now : since + gained * 1_000 / rate
    }
}
