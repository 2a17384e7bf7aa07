internal import CSystemd

/// Tells the service manager how the daemon is doing (`sd_notify`). Does nothing when none started us.
public struct ServiceNotifier: Sendable {
    public init() {}

    /// Start-up is done, or a reload is. `status` is the line that `systemctl status` shows.
    public func ready(status: String) { send("READY=1\n" + Self.line(status)) }

    /// The status line alone.
    public func status(_ text: String) { send(Self.line(text)) }

    /// A reload begins; `ready` must follow. `monotonicMicroseconds` is the time of CLOCK_MONOTONIC now.
    public func reloading(monotonicMicroseconds: UInt64) {
        send("RELOADING=1\nMONOTONIC_USEC=\(monotonicMicroseconds)")
    }

    /// An orderly stop begins.
    public func stopping(status: String) { send("STOPPING=1\n" + Self.line(status)) }

    /// The stop, or the start, takes longer than agreed: asks for `seconds` more from now.
    public func extend(bySeconds seconds: UInt64) { send("EXTEND_TIMEOUT_USEC=\(seconds * 1_000_000)") }

    /// Feeds the watchdog. Only to be called by what proves that the daemon does its work.
    public func feedWatchdog() { send("WATCHDOG=1") }

    /// How long the watchdog waits; feed it at half of that. Nil if there is none.
    public var watchdogInterval: Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    private func send(_ message: String) {
        // A service manager that does not listen is no reason to do anything else.
        _ = sd_notify(0, message)
    }

    /// A status is one line: whatever stands behind a line break would be taken for another message.
    private static func line(_ status: String) -> String {
        "STATUS=" + String(String.UnicodeScalarView(status.unicodeScalars.map { $0.value < 0x20 ? " " : $0 }))
    }
}
