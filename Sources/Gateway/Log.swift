import FieldProtocols
public import GatewayModel
import Glibc
import JSONText
import Synchronization

/// What the daemon says about itself, one line an event on standard error, where systemd's journal picks it up.
public final class Log: Sendable {
    private let level: Mutex<LogSection.Level>
    private let format: LogSection.Format
    private let clock: any Clock

    public init(level: LogSection.Level, format: LogSection.Format, clock: any Clock) {
        self.level = Mutex(level)
        self.format = format
        self.clock = clock
    }

    /// Writes from now on what is of this level or above.
    public func change(to level: LogSection.Level) { self.level.withLock { $0 = level } }

    /// Writes a line if its level is configured to be written; never blocks for long and never fails.
    public func debug(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.debug, message, fields)
    }
    /// As `debug`, one level up.
    public func info(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.info, message, fields) }
    /// As `debug`, for what somebody should look at.
    public func warning(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.warning, message, fields)
    }
    /// As `debug`, for what does not work.
    public func error(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
        write(.error, message, fields)
    }

    private func write(_ level: LogSection.Level, _ message: String, _ fields: KeyValuePairs<String, String>) {
        guard level >= self.level.withLock({ $0 }) else { return }
        let time = RFC3339.text(clock.now().wall.milliseconds)
        var line: [UInt8]
        switch format {
        case .json:
            var writer = JSONWriter()
            writer.beginObject()
            writer.key("time")
            writer.string(time)
            writer.key("level")
            writer.string(level.rawValue)
            writer.key("message")
            writer.string(message)
            for (key, value) in fields {
                writer.key(key)
                writer.string(value)
            }
            writer.endObject()
            line = writer.bytes
        case .text:
            let tail = fields.map { " \($0)=\(JSON.string($1).text)" }.joined()
            line = Array("\(time) \(level.rawValue) \(message)\(tail)".utf8)
        }
        line.append(0x0A)
        // One write keeps the lines of several threads apart; a log that cannot be written is no reason to stop.
        _ = line.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
