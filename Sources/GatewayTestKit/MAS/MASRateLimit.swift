/// The limit of the MAS on requests of one client: so many in any minute and in any hour (reference, section 6.1).
struct MASRateLimit {
    var perMinute: Int
    var perHour: Int
    private var times: [Int64] = []

    init(perMinute: Int, perHour: Int) {
        self.perMinute = perMinute
        self.perHour = perHour
    }

    /// Counts a request at `now` (milliseconds); false if it is over a limit and does not count.
    mutating func admits(now: Int64) -> Bool {
        times.removeAll { $0 <= now - 3_600_000 }
        guard times.count < perHour, remainingInMinute(now) > 0 else { return false }
        times.append(now)
        return true
    }

    func remainingInMinute(_ now: Int64) -> Int { max(0, perMinute - times.count { $0 > now - 60_000 }) }
    var remainingInHour: Int { max(0, perHour - times.count) }
}
