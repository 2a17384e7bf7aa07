/// Decides whether the wall clock is believed, and what time it is if only a destination knows. All times in
/// milliseconds; `offset` is always wall clock minus monotonic clock.
///
/// A time before the floor, which is the last time known to be right, is wrong whatever else is said of it. Being past
/// the floor is not enough either: a box without a battery starts with the time at which it was switched off.
struct ClockJudge {
    /// What the machine tells at one moment.
    struct Reading {
        var wall: Int64
        var monotonic: Int64
        var isSynchronized = false
        var battery: Int64?
        var isGuest = false

        var offset: Int64 { wall &- monotonic }
    }

    /// The decision: what to add to the monotonic clock, if not the system's wall clock is to be used.
    struct Verdict: Equatable {
        var evidence: ClockEvidence
        var reckonedOffset: Int64?

        static let unknown = Verdict(evidence: .none, reckonedOffset: nil)
    }

    /// No box with this program is older.
    let released: Int64
    /// The configuration vouches for the system's clock.
    let isVouched: Bool
    /// The newest time known to have been right.
    private(set) var floor: Int64
    /// Of the last time in this boot that was believed.
    private(set) var anchor: Int64?
    private var upstream: Int64?
    private var belowFloorSince: Int64?

    /// How far a clock may differ from the one that vouches for it, which tells whole seconds over a network.
    static let toleranceMax: Int64 = 120_000
    /// A clock that only its host vouches for is not followed when it jumps by more.
    static let jumpMax: Int64 = 86_400_000
    /// A synchronised clock that stays below the floor for this long proves the floor wrong.
    static let patience: Int64 = 600_000

    init(released: Int64, isVouched: Bool) {
        self.released = released
        self.isVouched = isVouched
        floor = released
    }

    /// Takes over what an earlier run knew: the last time known to be right, and the offset of this boot.
    mutating func remember(floor: Int64?, anchor: Int64?) {
        self.floor = max(self.floor, floor ?? 0)
        self.anchor = self.anchor ?? anchor
    }

    /// A destination that proved to be one told the time.
    mutating func hear(upstream time: Int64, at monotonic: Int64) {
        guard time >= floor - Self.toleranceMax else { return }
        upstream = time &- monotonic
    }

    mutating func judge(_ reading: Reading) -> Verdict {
        let verdict = verdict(reading)
        guard verdict.evidence != .none else { return verdict }
        let offset = verdict.reckonedOffset ?? reading.offset
        anchor = offset
        let time = offset &+ reading.monotonic
        if time > floor || verdict.evidence == .operator { floor = time }
        return verdict
    }

    private mutating func verdict(_ reading: Reading) -> Verdict {
        if reading.isSynchronized, isPastFloor(reading) {
            upstream = nil
            return Verdict(evidence: .kernel)
        }
        if isVouched, reading.wall >= released { return Verdict(evidence: .operator) }
        if let upstream {
            let agrees = abs(reading.offset &- upstream) <= Self.toleranceMax && reading.wall >= floor
            return Verdict(evidence: .upstream, reckonedOffset: agrees ? nil : upstream)
        }
        guard reading.wall >= floor else { return .unknown }
        if let battery = reading.battery {
            return abs(reading.wall &- battery) <= Self.toleranceMax ? Verdict(evidence: .battery) : .unknown
        }
        guard reading.isGuest else { return .unknown }
        let jump = anchor.map { abs(reading.offset &- $0) } ?? 0
        return jump <= Self.jumpMax ? Verdict(evidence: .host) : .unknown
    }

    /// Also lowers a floor that has been proved wrong.
    private mutating func isPastFloor(_ reading: Reading) -> Bool {
        guard reading.wall < floor, reading.wall >= released else {
            belowFloorSince = nil
            return reading.wall >= floor
        }
        let since = belowFloorSince ?? reading.monotonic
        belowFloorSince = since
        guard reading.monotonic - since >= Self.patience else { return false }
        belowFloorSince = nil
        floor = reading.wall
        return true
    }
}

extension ClockJudge.Verdict {
    init(evidence: ClockEvidence) { self.init(evidence: evidence, reckonedOffset: nil) }
}
