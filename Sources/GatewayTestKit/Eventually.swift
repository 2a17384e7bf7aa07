import GatewayModel
import Glibc

/// Waiting for something another process or thread does, where there is no event to wait on.
public enum Eventually {
    /// Looks every few milliseconds until `condition` holds or `limit` has passed; whether it held.
    public static func holds(within limit: Duration = .seconds(60), _ condition: () throws -> Bool) rethrows -> Bool {
        let end = monotonicMilliseconds() + limit.milliseconds
        while true {
            if try condition() { return true }
            if monotonicMilliseconds() >= end { return false }
            usleep(2_000)
        }
    }

    private static func monotonicMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
