import EventLoop
import Glibc

extension Daemon {
    /// Blocks the daemon's signals in the main thread, before anything else runs.
    ///
    /// `run` itself is on another thread by then: a signal that the main thread does not block would end the process.
    public static func claimSignals() {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in Signals.handled { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }
}

/// Turns the signals that end or change the daemon into calls.
struct Signals: Sendable {
    static let handled = [SIGTERM, SIGINT, SIGHUP, SIGPIPE]

    private let source: SignalSource

    /// Blocks the signals in this thread and all it starts from now on: to be made first, after `Daemon.claimSignals()`.
    init() throws { source = try SignalSource(Self.handled) }

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
