public import GatewayModel
internal import Synchronization

/// The clocks of this machine, and whether its wall clock can be believed. Made in the composition root alone and passed
/// on as `Clock`.
public final class SystemClock: Clock, Sendable {
    /// What is known of the wall clock.
    public struct Standing: Sendable, Equatable {
        /// Why it is believed.
        public var evidence: ClockEvidence
        /// The newest time known to have been right, in milliseconds since 1970; nothing happens before it.
        public var floor: Int64
    }

    private struct State {
        var judge: ClockJudge
        var verdict = ClockJudge.Verdict.unknown
        /// When and at which offset the verdict was given.
        var judgedSecond = Int64.min
        var judgedOffset: Int64 = 0
    }

    private let machine: MachineClock
    private let state: Mutex<State>

    /// 2026-01-01T00:00:00Z: a clock that tells an earlier time was never set.
    public static let released: Int64 = 1_767_225_600_000
    /// A wall clock that moves further than this against the monotonic one has been set.
    private static let slewMax: Int64 = 500

    /// `isVouched`: the wall clock is right because somebody says so. Nothing earlier than `released` is ever believed.
    public init(
        _ machine: MachineClock = .own(), isVouched: Bool = false, released: Int64 = SystemClock.released
    ) {
        self.machine = machine
        state = Mutex(State(judge: ClockJudge(released: released, isVouched: isVouched)))
    }

    public func now() -> ReceiveTime {
        let monotonic = machine.monotonic()
        let wall = machine.wall()
        return state.withLock { state in
            let second = monotonic / 1_000
            // Once a second is often enough, except when the clock has just been set.
            if second != state.judgedSecond || abs(wall &- monotonic &- state.judgedOffset) > Self.slewMax {
                state.judgedSecond = second
                state.judgedOffset = wall &- monotonic
                state.verdict = state.judge.judge(reading(wall, monotonic))
            }
            return ReceiveTime(
                wall: Timestamp(
                    milliseconds: state.verdict.reckonedOffset.map { $0 &+ monotonic } ?? wall,
                    trusted: state.verdict.evidence != .none),
                monotonicMilliseconds: monotonic)
        }
    }

    /// Why the time that `now()` gives is believed.
    public var standing: Standing {
        _ = now()
        return state.withLock { Standing(evidence: $0.verdict.evidence, floor: $0.judge.floor) }
    }

    /// Takes over what an earlier run of the daemon knew.
    ///
    /// - Parameters:
    ///   - floor: a time that was right once, in milliseconds since 1970.
    ///   - offset: wall clock minus monotonic clock, if that of this boot is known.
    public func remember(floor: Int64?, offset: Int64?) {
        state.withLock { state in
            state.judge.remember(floor: floor, anchor: offset)
            state.judgedSecond = .min
        }
    }

    /// A destination that proved to be one said what time it is, in milliseconds since 1970. Counts for a clock that
    /// nothing else vouches for; a system clock that is wrong is then passed over.
    public func hear(upstream time: Int64) {
        let monotonic = machine.monotonic()
        state.withLock { state in
            state.judge.hear(upstream: time, at: monotonic)
            state.judgedSecond = .min
        }
    }

    /// By which time certificates are to be judged.
    public var certificateTime: CertificateTime {
        let now = now()
        return state.withLock { state in
            if state.verdict.evidence == .none { return .notBefore(state.judge.floor / 1_000) }
            return state.verdict.reckonedOffset == nil ? .system : .exactly(now.wall.milliseconds / 1_000)
        }
    }

    private func reading(_ wall: Int64, _ monotonic: Int64) -> ClockJudge.Reading {
        var reading = ClockJudge.Reading(wall: wall, monotonic: monotonic)
        reading.isSynchronized = machine.isSynchronized()
        guard !reading.isSynchronized else { return reading }
        reading.battery = machine.battery()
        reading.isGuest = machine.isGuest
        return reading
    }
}
