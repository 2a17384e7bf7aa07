import EventLoop
import Serial

/// Closes a port on a thread of its own: an adapter that hangs makes `close` take half a minute, which must hold up nobody.
enum PortClosing {
    /// Calls `finish` on the other thread; on this one if no thread can be had.
    static func start(
        _ port: SerialPort, by closePort: @escaping SerialIntake.Outlets.ClosePort,
        finish: @escaping @Sendable () -> Void
    ) {
        let close: @Sendable () -> Void = {
            closePort(port)
            finish()
        }
        do {
            try DedicatedThread.start(named: "serial-close", close)
        } catch {
            close()
        }
    }
}
