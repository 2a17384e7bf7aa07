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
        let section = configuration.serial
        guard section.auto || !section.ports.isEmpty else { return nil }
        let places = section.ports.map { port in
            let named = configuration.instruments.first { $0.name == port.instrument }
            return SerialPlace(
                path: port.path, kind: port.driver, settings: port.settings,
                instrument: named?.settings ?? InstrumentSettings())
        }
        let aliases = configuration.devices.map { device in
            DeviceAlias(
                device: device.id, usbSerial: device.match.usbSerial, byID: device.match.byID, path: device.match.path,
                reportedID: device.match.reportedID)
        }
        let commands = CommandSource(queue: store.commands, clock: clock) { error in
            log.error("commands cannot be read or written", ["error": "\(error)"])
        }
        let heard = HeardNumbers(database: store.state) { error in
            log.error("the numbers boards answered with cannot be kept", ["error": "\(error)"])
        }
        let settings = SerialIntake.Configuration(
            places: places, discovers: section.auto, aliases: aliases, linger: configuration.journal.linger)
        let outlets = SerialIntake.Outlets(
            commit: { _ = try store.commit($0) }, commands: commands, heard: heard,
            sighted: { store.devices.note($0) })
        intake = try SerialIntake(settings, outlets: outlets, clock: clock, seed: .random(in: .min ... .max))
    }

    /// The ports as the API shows them.
    var reports: [PortReport] {
        intake.ports().map { port in
            let detail: String? =
                switch port.state {
                case .failing(let error): "\(error)"
                case .lent(let purpose): "lent: \(purpose)"
                case .absent: "nothing there"
                case .opening, .open: port.firmware
                }
            return PortReport(
                path: port.path, identity: port.identity.map { "\($0)" } ?? "-", usb: port.usb.map { "\($0)" },
                device: port.device, state: port.state.name, detail: detail,
                bytesReceived: Int64(port.counts.bytesReceived), framesReceived: Int64(port.counts.messages),
                errors: Int64(port.counts.damaged))
        }
    }
}
