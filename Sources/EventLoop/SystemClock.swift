internal import CLinux
internal import Glibc
public import GatewayModel
internal import Synchronization

/// The clocks of this machine. Made in the composition root alone and passed on as `Clock`.
public final class SystemClock: Clock, Sendable {
    /// Wall-clock times at or after this are trusted without asking the kernel; nil: always ask.
    private let trustedFrom: Int64?
    /// Packed answer of the kernel: seconds of the monotonic clock at which it was asked, times two, plus trust.
    private let kernelAnswer = Atomic<Int64>(-2)

    /// `trustedFrom`: a floor in Unix milliseconds, such as the last trusted time stored plus a margin. Nil if only a
    /// clock that the kernel calls synchronised shall be trusted.
    public init(trustedFrom: Int64? = nil) { self.trustedFrom = trustedFrom }

    public func now() -> ReceiveTime {
        let wall = Self.milliseconds(CLOCK_REALTIME)
        let monotonic = Self.milliseconds(CLOCK_BOOTTIME)
        let trusted = trustedFrom.map { wall >= $0 } ?? false
        return ReceiveTime(
            wall: Timestamp(milliseconds: wall, trusted: trusted || isSynchronized(second: monotonic / 1_000)),
            monotonicMilliseconds: monotonic)
    }

    /// Asks the kernel at most once a second: the data path asks for the time much more often.
    private func isSynchronized(second: Int64) -> Bool {
        let known = kernelAnswer.load(ordering: .relaxed)
        if known >> 1 == second { return known & 1 == 1 }
        var state = timex()
        let synchronized = adjtimex(&state) != TIME_ERROR && state.status & STA_UNSYNC == 0
        kernelAnswer.store(second << 1 | (synchronized ? 1 : 0), ordering: .relaxed)
        return synchronized
    }

    private static func milliseconds(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
