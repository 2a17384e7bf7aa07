public import GatewayModel
import Synchronization

/// A clock that only moves when it is told to.
public final class VirtualClock: GatewayModel.Clock {
    private let time: Mutex<ReceiveTime>

    /// Starts at 2026-01-15T14:30:00Z, one minute after boot, trusted.
    public init(
        wallMilliseconds: Int64 = 1_768_487_400_000, monotonicMilliseconds: Int64 = 60_000, trusted: Bool = true
    ) {
        time = Mutex(
            ReceiveTime(
                wall: Timestamp(milliseconds: wallMilliseconds, trusted: trusted),
                monotonicMilliseconds: monotonicMilliseconds))
    }

    public func now() -> ReceiveTime { time.withLock { $0 } }

    /// Lets time pass on both clocks.
    public func advance(by duration: Duration) {
        let milliseconds = duration.milliseconds
        time.withLock {
            $0.wall.milliseconds += milliseconds
            $0.monotonicMilliseconds += milliseconds
        }
    }

    /// Sets the wall clock as NTP or a person does; the monotonic clock does not notice.
    public func setWall(milliseconds: Int64, trusted: Bool) {
        time.withLock { $0.wall = Timestamp(milliseconds: milliseconds, trusted: trusted) }
    }
}
