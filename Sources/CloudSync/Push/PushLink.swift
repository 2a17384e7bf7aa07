internal import GatewayModel
internal import EventLoop

/// The circuit between us and a destination, shared by all its streams: flows, waits, or is tried with one request.
///
/// Times are milliseconds of the monotonic clock.
struct PushLink {
    enum State: Equatable {
        case flowing
        case waiting(until: Int64)
        /// Half open: one request is tried, or shall be (nil).
        case probing(slot: UInt64?)
    }

    private let settings: PushSettings
    private(set) var state = State.flowing
    /// Why it is not flowing.
    private(set) var cause = PushMachine.Condition.flowing
    private var troublesInRow = 0
    /// The end of the wait was named by the destination.
    private var isNamed = false
    private var retry: Backoff
    private var reach: Backoff
    private var hold: Backoff
    private var random: SplitMix64

    init(_ settings: PushSettings, seed: UInt64) {
        self.settings = settings
        retry = Backoff(
            initial: settings.retryDelayInitial, max: settings.retryDelayMax, stableAfter: settings.stableAfter)
        reach = Backoff(
            initial: settings.retryDelayInitial, max: settings.reachDelayMax, stableAfter: settings.stableAfter)
        hold = Backoff(
            initial: settings.holdDelayInitial, max: settings.holdDelayMax, stableAfter: settings.stableAfter)
        random = SplitMix64(seed: seed)
    }

    var isFlowing: Bool { state == .flowing }

    /// Ends a wait whose time has come.
    mutating func look(_ now: Int64) {
        if case .waiting(let until) = state, now >= until { state = .probing(slot: nil) }
    }

    /// Whether a request may be made with `inFlight` others under way, `extra` of the parallelism being granted to it.
    func allowsRequest(_ inFlight: Int, extra: Int) -> Bool {
        switch state {
        case .waiting, .probing(.some): return false
        case .flowing: return inFlight < settings.parallelism + extra
        case .probing(nil): return true
        }
    }

    /// A request was made; it is the probe if one is wanted.
    mutating func sent(_ slot: UInt64) { if state == .probing(slot: nil) { state = .probing(slot: slot) } }

    /// The answer to `slot` is there; whether it was the probe.
    mutating func took(_ slot: UInt64) -> Bool {
        guard state == .probing(slot: slot) else { return false }
        state = .probing(slot: nil)
        return true
    }

    /// The destination took something or judged it: it is there.
    mutating func worked(_ wasProbe: Bool, _ now: Int64) {
        troublesInRow = 0
        switch (state, cause) {
        case (.flowing, _): return
        case (.waiting, .retrying) where !isNamed: break
        // An answer that was under way when the destination asked us to wait, or when it turned us away, opens nothing.
        case (.waiting, _): return
        case (.probing, _): if !wasProbe { return }
        }
        state = .flowing
        cause = .flowing
        retry.succeeded(now: now)
        reach.succeeded(now: now)
        hold.succeeded(now: now)
    }

    /// An attempt failed for a reason that may lie in its records or in the destination.
    mutating func troubled(_ reason: String, _ wasProbe: Bool, _ now: Int64) {
        troublesInRow += 1
        if wasProbe || troublesInRow >= settings.troublesInRowMax { pause(reason, nil, now) }
    }

    /// No connection came about.
    mutating func missed(_ reason: String, _ now: Int64) {
        // Requests that were under way together count as one failure.
        if case .waiting = state { return }
        let drawn = reach.failed(now: now, using: &random).milliseconds
        wait(.retrying(reason), max(10, drawn), now)
    }

    /// The destination is there, and cannot serve.
    mutating func pause(_ reason: String, _ retryAfter: Int64?, _ now: Int64) {
        wait(.retrying(reason), delay(retryAfter, now), now)
        if let retryAfter, retryAfter > 0 { isNamed = true }
    }

    /// The destination wants fewer requests: nothing is sent until the time it named.
    mutating func limit(_ reason: String, _ retryAfter: Int64?, _ now: Int64) {
        wait(.paced(reason), delay(retryAfter, now), now)
    }

    mutating func holdBack(_ reason: String, _ now: Int64) {
        // Answers of requests that were under way together count as one.
        if case .waiting = state, case .held = cause { return }
        let drawn = hold.failed(now: now, using: &random).milliseconds
        wait(.held(reason), max(1_000, drawn), now)
    }

    /// Somebody wants it tried now.
    mutating func flush() { if case .waiting = state { state = .probing(slot: nil) } }

    /// How long something waits that failed by itself; advances its back-off.
    mutating func coolingDelay(_ backoff: inout Backoff, _ now: Int64) -> Int64 {
        max(10, backoff.failed(now: now, using: &random).milliseconds)
    }

    /// A named time is kept, with a little chance on top so that a fleet does not come back in one wave.
    private mutating func delay(_ retryAfter: Int64?, _ now: Int64) -> Int64 {
        // Answers of requests that were under way together count as one failure.
        if case .waiting(let until) = state, retryAfter == nil { return until - now }
        let drawn = retry.failed(now: now, using: &random).milliseconds
        guard let retryAfter, retryAfter > 0 else { return max(10, drawn) }
        return min(retryAfter, settings.retryAfterMax) + Int64.random(in: 0...1_000, using: &random)
    }

    /// A held link stays held when others of its requests fail in milder ways, and no wait is shortened.
    private mutating func wait(_ cause: PushMachine.Condition, _ delay: Int64, _ now: Int64) {
        var until = now + delay
        if case .waiting(let known) = state {
            until = max(until, known)
            if case .held = self.cause {
                state = .waiting(until: until)
                return
            }
        } else {
            isNamed = false
        }
        state = .waiting(until: until)
        self.cause = cause
        troublesInRow = 0
    }
}
