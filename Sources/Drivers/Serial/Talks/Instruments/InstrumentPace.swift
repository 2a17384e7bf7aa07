/// When an instrument is asked next: at its interval while it answers, at growing distances while it does not.
struct InstrumentPace {
    let interval: Int64
    /// Milliseconds of the monotonic clock.
    private(set) var next: Int64 = 0
    private(set) var failures = 0

    /// An instrument that was unplugged inside an adapter that stays is asked again at least this often.
    static let waitMax: Int64 = 60_000

    init(interval: Int64) { self.interval = max(interval, 100) }

    /// A measurement begins now.
    mutating func begin(_ now: Int64) {
        // In step with the interval where that is kept, without catching up where it is not.
        next = next > 0 && next + interval > now ? next + interval : now + interval
    }

    mutating func askNow() { next = 0 }

    /// It did not answer, or not sensibly.
    mutating func failed(_ now: Int64) {
        failures = min(failures + 1, 16)
        next = now + min(Self.waitMax, 500 << Int64(failures))
    }

    mutating func succeeded() { failures = 0 }
}
