extension ServiceLoop.Limits {
    init(_ configuration: HTTPServer.Configuration) {
        header = Self.microseconds(configuration.headerTimeout)
        body = Self.microseconds(configuration.bodyTimeout)
        idle = Self.microseconds(configuration.idleTimeout)
        send = Self.microseconds(configuration.sendTimeout)
        leave = min(2_000_000, send)
        stopGrace = Self.microseconds(configuration.stopGrace)
        stop = Self.microseconds(configuration.stopLimit)
    }

    /// Often enough for the shortest limit, at most twice a second otherwise.
    var sweepPeriod: Int64 { max(20_000, min(500_000, min(header, body, idle, send, stopGrace, stop) / 4)) }

    /// Between a millisecond and a day.
    private static func microseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1_000, min(seconds, 86_400) * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}
