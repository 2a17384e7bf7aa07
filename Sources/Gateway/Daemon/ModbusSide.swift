import ControlAPI
import Drivers
import FieldProtocols
import Fleet
import GatewayModel
import Serial

/// The buses of Modbus slaves.
struct ModbusSide {
    let buses: [ModbusBus]

    init(_ configuration: GatewayConfiguration, store: Store, clock: any Clock, log: Log) throws {
        let commands = CommandSource(queue: store.commands, clock: clock) { error in
            log.error("commands cannot be read or written", ["error": "\(error)"])
        }
        buses = try configuration.modbus.buses.map { bus in
            let devices = bus.devices.compactMap { device -> ModbusDevice? in
                guard let profile = device.profile?.profile, case .modbus(let map) = profile.kind else { return nil }
                if let name = DeviceName(device.id) { store.conditioning.assign(name, profile) }
                return ModbusDevice(
                    id: device.id, unit: device.unit, map: map, writes: Set(device.writes), interval: device.interval)
            }
            let outlets = ModbusBus.Outlets(
                commit: { batch in
                    store.conditioning.apply(&batch)
                    _ = try store.commit(batch)
                }, commands: commands, sighted: { store.devices.note($0) })
            return try ModbusBus(
                ModbusBus.Configuration(endpoint: bus.endpoint, devices: devices, timeout: bus.timeout, gap: bus.gap),
                outlets: outlets, clock: clock, seed: .random(in: .min ... .max))
        }
    }

    /// A command waits for a device.
    func commandsWaiting(for device: DeviceID) { for bus in buses { bus.commandsWaiting(for: device) } }

    /// Whether a port is a bus here.
    func has(_ path: String) -> Bool {
        let paths = buses.map(\.status).filter(\.isSerial).map(\.endpoint)
        return paths.contains(path) || paths.contains { PortPath.resolve($0) == path }
    }

    /// The serial ones among the ports of the API.
    var reports: [PortReport] {
        buses.map(\.status).filter(\.isSerial).map { bus in
            let silent = bus.slaves.filter { !$0.isAnswering }.map(\.device.text)
            let detail: String? =
                if case .degraded(let reason) = bus.condition { reason } else {
                    silent.isEmpty ? nil : "silent: \(silent.joined(separator: ", "))"
                }
            return PortReport(
                path: bus.endpoint, identity: "modbus", usb: nil, driver: "modbus", device: bus.slaves.first?.device,
                state: bus.condition == .working ? "open" : "failing", detail: detail, bytesReceived: 0,
                framesReceived: Int64(bus.slaves.reduce(0) { $0 + $1.answered }),
                errors: Int64(bus.slaves.reduce(0) { $0 + $1.failed }))
        }
    }

    /// For `/metrics`.
    var measures: [Measure] {
        buses.map(\.status).flatMap { bus in
            bus.slaves.flatMap { slave -> [Measure] in
                let labels = [("bus", bus.endpoint), ("device", slave.device.text)]
                return [
                    Measure(
                        "mycogate_modbus_slave_answering", .gauge, help: "1 while the slave answers", labels: labels,
                        slave.isAnswering ? 1 : 0),
                    Measure(
                        "mycogate_modbus_answers_total", .counter, help: "Requests that were answered", labels: labels,
                        Double(slave.answered)),
                    Measure(
                        "mycogate_modbus_failures_total", .counter, help: "Requests that were refused or not answered",
                        labels: labels, Double(slave.failed)),
                ]
            }
        }
    }
}
