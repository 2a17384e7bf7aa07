import CLinux
import CloudSync
import ControlAPI
import Crypto
import EventLoop
import Fleet
import GatewayModel
import Glibc
import Journal
import ServiceManager
import Synchronization

/// The daemon: builds its parts from a valid configuration, runs them, stops them in the reverse order.
public enum Daemon {
    /// Times before this are those of a box whose clock was never set.
    private static let clockFloor: Int64 = 1_767_225_600_000

    /// Runs until SIGTERM or SIGINT. The exit status: 0 stopped as asked, 1 failed.
    public static func run(
        _ configuration: GatewayConfiguration, dataDirectory: String, log level: LogSection.Level?
    ) async -> Int32 {
        // Two arenas: threads must not each keep a heap of their own for the little they allocate.
        _ = mallopt(M_ARENA_MAX, 2)
        let clock = SystemClock(trustedFrom: clockFloor)
        let log = Log(level: level ?? configuration.log.level, format: configuration.log.format, clock: clock)
        do {
            let signals = try Signals()
            let directory = try DataDirectory(dataDirectory)
            let parts = try DaemonParts(configuration, dataDirectory: directory.path, clock: clock, log: log)
            let end = await parts.run(signals)
            if case .failed(let service, let reason) = end {
                log.error("a service ended", ["service": service, "reason": reason])
                return 1
            }
            return 0
        } catch {
            log.error("the gateway cannot start", ["reason": "\(error)"])
            return 1
        }
    }
}
