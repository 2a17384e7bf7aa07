import EventLoop
import Serial

/// What is done to a port on a thread of its own, because it takes as long as the adapter behind it likes: `open` and a
/// change of speed some five seconds for each message that it does not answer, `close` half a minute. Nobody is held up.
enum PortErrand {
    struct Opened: Sendable {
        let ticket: Int
        let result: Result<SerialPort, SerialError>
    }

    struct Tuned: Sendable {
        let ticket: Int
        let port: SerialPort
        /// Nil if the port runs at the speed that was wanted.
        var error: SerialError?
    }

    /// Runs `work` on the other thread; on this one if no thread can be had.
    static func start(_ name: String, _ work: @escaping @Sendable () -> Void) {
        do {
            try DedicatedThread.start(named: name, work)
        } catch {
            work()
        }
    }
}
