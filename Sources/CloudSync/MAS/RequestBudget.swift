/// How many requests the MAS lets us make: 60 a minute and 1000 an hour for a client without a service token (reference,
/// section 6.1). One bucket for heartbeats and envelopes, kept a little below both.
package struct RequestBudget {
    package enum Pacing: Sendable {
        /// A service token exempts us.
        case never
        /// Heartbeats keep to the budget; envelopes do from the moment the MAS shows that it limits us.
        case adaptive
        case always
    }

    /// 40 at once and 16 a minute make at most 56 in any minute and 1000 in any hour.
    static let burst: Int64 = 40
    static let refillMilliseconds: Int64 = 3_750
    /// Left for heartbeats that come due while envelopes wait.
    static let heartbeatReserve: Int64 = 3

    private(set) var isLimited: Bool
    private let pacing: Pacing
    private var tokens: Int64
    private var refilledAt: Int64

    package init(_ pacing: Pacing, now: Int64) {
        self.pacing = pacing
        isLimited = pacing == .always
        tokens = Self.burst
        refilledAt = now
    }

    /// Whether it would make a difference if the MAS showed that it limits us.
    var isAdaptive: Bool { pacing != .never && !isLimited }

    /// The MAS has shown that it limits us.
    mutating func limited(now: Int64) {
        guard pacing != .never, !isLimited else { return }
        isLimited = true
        tokens = 0
        refilledAt = now
    }

    package mutating func allowsHeartbeat(now: Int64) -> Bool {
        refill(now)
        return pacing == .never || tokens > 0
    }

    package mutating func allowsEnvelope(now: Int64) -> Bool {
        refill(now)
        return !isLimited || tokens > Self.heartbeatReserve
    }

    package mutating func spendHeartbeat() { tokens = max(0, tokens - 1) }
    package mutating func spendEnvelope() { if isLimited { tokens = max(0, tokens - 1) } }

    /// When an envelope may be sent, nil if at once.
    package func envelopeAt(now: Int64) -> Int64? {
        guard isLimited, tokens <= Self.heartbeatReserve else { return nil }
        return refilledAt + (Self.heartbeatReserve + 1 - tokens) * Self.refillMilliseconds
    }

    /// When a heartbeat may be sent, nil if at once.
    package func heartbeatAt(now: Int64) -> Int64? {
        pacing == .never || tokens > 0 ? nil : refilledAt + Self.refillMilliseconds
    }

    private mutating func refill(_ now: Int64) {
        let gained = max(0, now - refilledAt) / Self.refillMilliseconds
        guard gained > 0 else { return }
        tokens = min(Self.burst, tokens + gained)
        refilledAt = tokens == Self.burst ? now : refilledAt + gained * Self.refillMilliseconds
    }
}
