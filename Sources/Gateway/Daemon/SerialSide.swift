import ControlAPI
import Drivers
import Fleet
import GatewayModel
import Serial

/// The devices on serial ports.
struct SerialSide {
    let intake: SerialIntake

    /// Nil if no port is configured and none shall be looked for.
    init?(_ configuration: GatewayConfiguration, store: Store, clock: any Clock, log: Log) throws {
        guard configuration.serial.auto || !configuration.serial.ports.isEmpty else { return nil }
        let commands = CommandSource(queue: store.commands, clock: clock) { error in
            log.error("commands cannot be read or written", ["error": "\(error)"])
        }
        let heard = HeardNumbers(database: store.state) { error in
            log.error("the numbers boards answered with cannot be kept", ["error": "\(error)"])
        }
        var outlets = SerialIntake.Outlets(
            commit: { _ = try store.commit($0) }, commands: commands, heard: heard,
            sighted: { store.devices.note($0) })
        outlets.darkFrames = DarkFrames(database: store.state) { error in
            log.error("the dark frames of instruments cannot be read or kept", ["error": "\(error)"])
        }
        outlets.condition = { store.conditioning.apply(&$0) }
        outlets.described = { store.conditioning.assign($0, $1) }
        intake = try SerialIntake(
            SerialIntake.Configuration(configuration), outlets: outlets, clock: clock, seed: .random(in: .min ... .max))
    }

    /// The ports as the API shows them: those that a driver has or waits for, then those of the box that nobody has.
    static func reports(_ side: SerialSide?) -> [PortReport] {
        let held = side?.intake.ports() ?? []
        // Without the list of the box its drivers' ports are still known.
        let listed = (try? PortList.ports()) ?? []
        let free = listed.filter { port in
            !held.contains { $0.path == port.path || $0.resolvedPath == port.path || $0.identity == port.identity }
        }
        return held.map { report($0, among: held) }
            + free.map { port in
                PortReport(
                    path: port.path, identity: "\(port.identity)", usb: port.usb.map { "\($0)" }, driver: nil,
                    device: nil,
                    state: "unassigned", detail: "no driver of serial has it", bytesReceived: 0, framesReceived: 0,
                    errors: 0)
            }
    }

    /// Why nobody has opened the port at a path.
    static func absence(of path: String, among held: [SerialPortStatus]) -> String {
        guard let resolved = PortPath.resolve(path) else { return "nothing there" }
        if let other = held.first(where: { $0.state == .open && $0.path != path && $0.resolvedPath == resolved }) {
            return "another name of \(other.path)"
        }
        return PortPath.deviceNumber(path) == nil ? "\(SerialError.notATerminal(path: path))" : "nothing there"
    }

    private static func report(_ port: SerialPortStatus, among held: [SerialPortStatus]) -> PortReport {
        let detail: String? =
            switch port.state {
            case .failing(.busy(let path)):
                PortHolder.name(of: path).map { "held by \($0)" } ?? "\(SerialError.busy(path: path))"
            case .failing(let error): "\(error)"
            case .lent(let purpose): "lent: \(purpose)"
            case .absent: absence(of: port.path, among: held)
            case .opening, .open: [port.firmware, port.generation].compactMap { $0 }.joined(separator: " ")
            }
        return PortReport(
            path: port.path, identity: port.identity.map { "\($0)" } ?? "-", usb: port.usb.map { "\($0)" },
            driver: port.driver.rawValue, device: port.device, state: port.state.name,
            detail: detail.flatMap { $0.isEmpty ? nil : $0 }, bytesReceived: Int64(port.counts.bytesReceived),
            framesReceived: Int64(port.counts.messages), errors: Int64(port.counts.damaged))
    }
}
