import EventLoop
import Glibc

/// Turns the signals that end or change the daemon into calls.
struct Signals: Sendable {
    private let source: SignalSource

    /// Blocks the signals in this thread and all it starts from now on: to be made first.
    init() throws { source = try SignalSource([SIGTERM, SIGINT, SIGHUP, SIGPIPE]) }

    /// Returns when the daemon shall stop. `reload` is called for each SIGHUP.
    func untilStop(reload: @escaping @Sendable () -> Void) async {
        let source = source
        // A thread that cannot be started leaves the daemon running until it is killed.
        try? await DedicatedThread.run(named: "signals") { stop in
            while !stop.isSet {
                switch source.wait(timeout: .milliseconds(500)) {
                case SIGTERM, SIGINT: return
                case SIGHUP: reload()
                default: continue
                }
            }
        }
    }
}
