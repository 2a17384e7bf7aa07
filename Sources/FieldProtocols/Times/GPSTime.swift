/// The time of the navigation satellites: it counts from 6 January 1980 and knows no leap seconds.
public enum GPSTime {
    /// Leap seconds since 1980; no more have come since 2017.
    public static let leapSecondsNow: Int64 = 18
    private static let epochSeconds: Int64 = 315_964_800

    /// Unix milliseconds of GPS milliseconds; those that cannot be one are pinned to the ends of what can be written.
    public static func unixMilliseconds(_ gps: Int64, leapSeconds: Int64 = leapSecondsNow) -> Int64 {
        let (sum, isOver) = gps.addingReportingOverflow((epochSeconds - leapSeconds) * 1_000)
        return isOver ? RFC3339.milliseconds.upperBound : sum
    }

    /// GPS microseconds of Unix milliseconds, which are those of a clock.
    public static func gpsMicroseconds(_ unix: Int64, leapSeconds: Int64 = leapSecondsNow) -> Int64 {
        (unix - (epochSeconds - leapSeconds) * 1_000) * 1_000
    }
}
