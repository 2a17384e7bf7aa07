import EventLoop
import ServiceManager
import Synchronization

/// Tells the service manager and the log when the gateway becomes ready or stops being so.
final class Readiness: Sendable {
    private let notifier: ServiceNotifier
    private let log: Log
    private let obstacles: @Sendable () -> [String]
    private let last = Mutex<[String]?>(nil)

    init(notifier: ServiceNotifier, log: Log, obstacles: @escaping @Sendable () -> [String]) {
        self.notifier = notifier
        self.log = log
        self.obstacles = obstacles
    }

    /// Looks again and says what has changed.
    func look() {
        let now = obstacles()
        let before = last.withLock { last in
            defer { last = now }
            return last
        }
        guard before != now else { return }
        if now.isEmpty {
            log.info("ready")
            notifier.ready(status: "ready")
        } else {
            log.warning("not ready", ["obstacles": now.joined(separator: "; ")])
            notifier.status("not ready: " + now.joined(separator: "; "))
        }
    }

    /// Looks often until the first time it is ready, then waits to be cancelled: housekeeping goes on looking.
    func untilReady() async throws {
        try await DedicatedThread.run(named: "readiness") { [self] stop in
            while last.withLock({ $0 }) != [] {
                look()
                guard stop.sleep(for: .milliseconds(20)) else { return }
            }
        }
        ResidentMemory.releaseStartPages()
        while true { try await Task.sleep(for: .seconds(86_400)) }
    }
}
