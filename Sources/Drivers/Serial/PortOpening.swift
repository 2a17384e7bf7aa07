import EventLoop
import Serial

/// Opens a port on a thread of its own: an adapter that hangs makes `open` take seconds, which must hold up nobody.
enum PortOpening {
    struct Outcome: Sendable {
        let ticket: Int
        let result: Result<SerialPort, SerialError>
    }

    /// Calls `finish` on the other thread; on this one if no thread can be had.
    static func start(
        _ path: String, settings: LineSettings, ticket: Int, by openPort: @escaping SerialIntake.Outlets.OpenPort,
        finish: @escaping @Sendable (Outcome) -> Void
    ) {
        let open: @Sendable () -> Void = {
            let result = Result { () throws(SerialError) in try openPort(path, settings) }
            finish(Outcome(ticket: ticket, result: result))
        }
        do {
            try DedicatedThread.start(named: "serial-open", open)
        } catch {
            open()
        }
    }
}
