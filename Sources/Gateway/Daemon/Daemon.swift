import CLinux
import EventLoop
import GatewayModel
import Glibc

/// The daemon: builds its parts from a valid configuration, runs them, stops them in the reverse order.
public enum Daemon {
    /// How a run ended.
    public enum End: Sendable {
        case stopped
        case failed
        /// Nothing was started, and starting again changes nothing: the configuration has to be mended.
        case misconfigured
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// - Parameters:
    ///   - level: comes before the configuration's, also when that changes.
    ///   - path: the configuration file, read again at SIGHUP.
    public static func run(
        _ configuration: GatewayConfiguration, path: String, dataDirectory: String, log level: LogSection.Level?
    ) async -> End {
        // Two arenas: threads must not each keep a heap of their own for the little they allocate.
        _ = mallopt(M_ARENA_MAX, 2)
        let clock = SystemClock(isVouched: configuration.gateway.clock == .trusted)
        let log = Log(level: level ?? configuration.log.level, format: configuration.log.format, clock: clock)
        do {
            let signals = try Signals()
            let directory = try DataDirectory(dataDirectory)
            let parts = try DaemonParts(configuration, dataDirectory: directory.path, clock: clock, log: log)
            let end = await parts.run(signals) { reload(path, level, log) }
            if case .failed(let service, let reason) = end {
                log.error("a service ended", ["service": service, "reason": reason])
                return .failed
            }
            return .stopped
        } catch {
            log.error("the gateway cannot start", ["reason": "\(error)"])
            if case StartError.configuration = error { return .misconfigured }
            return .failed
        }
    }

    /// Takes over what can change while running: the log level. The rest of a changed file waits for a restart.
    private static func reload(_ path: String, _ level: LogSection.Level?, _ log: Log) {
        switch ConfigurationFile.load(path: path) {
        case .success(let configuration):
            let now = level ?? configuration.log.level
            log.change(to: now)
            log.info(
                "configuration read again; log.level applies now, the rest after a restart", ["level": now.rawValue])
        case .failure(let problems):
            log.error(
                "the changed configuration is not valid, nothing of it applies", ["problems": problems.description])
        }
    }
}
