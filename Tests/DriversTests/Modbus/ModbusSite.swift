import Drivers
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import JSONText
import Serial
import Testing

/// What a bus brought in, and the commands it is given.
final class ModbusSite: Sendable {
    struct State {
        var values: [String: Double] = [:]
        var count: [String: Int] = [:]
        var notes: [Note] = []
        var waiting: [DeviceCommand] = []
        var reports: [String] = []
        var refusals = 0
        /// What the list of devices is told, by device.
        var sightings: [String: [Sighting]] = [:]
    }
    let state = Monitor(State())
    private struct Refused: Error {}

    var outlets: ModbusBus.Outlets {
        ModbusBus.Outlets(
            commit: { [state] batch in
                try state.withLock { state in
                    if state.refusals > 0 {
                        state.refusals -= 1
                        throw Refused()
                    }
                    for observation in batch.observations {
                        state.count[observation.device.text, default: 0] += 1
                        for reading in batch.readings[observation.readings] {
                            if case .number(let value) = reading.value {
                                state.values["\(observation.device) \(reading.metric)"] = value
                            }
                        }
                    }
                    state.notes += batch.notes
                }
            },
            commands: CommandSource(
                waiting: { [state] device in
                    state.withLock { state in
                        let waiting = state.waiting.filter { $0.device == device }
                        state.waiting.removeAll { $0.device == device }
                        return waiting
                    }
                },
                report: { [state] id, outcome, result in
                    state.withLock { $0.reports.append("\(id) \(outcome) \(result ?? "")") }
                    return true
                }),
            sighted: { [state] sighting in
                state.withLock { $0.sightings[sighting.device.text, default: []].append(sighting) }
            })
    }

    func run(_ bus: ModbusBus, until holds: (ModbusSite) -> Bool) async throws {
        let running = Task { try await bus.run() }
        defer { running.cancel() }
        #expect(Eventually.holds(within: .seconds(30)) { holds(self) })
        running.cancel()
        _ = await running.result
    }

    subscript(_ key: String) -> Double? { state.withLock { $0.values[key] } }
    func count(_ device: String) -> Int { state.withLock { $0.count[device] ?? 0 } }

    /// Whether a device is read once more.
    func reads(_ device: String) async -> Bool {
        let before = count(device)
        return Eventually.holds(within: .seconds(30)) { self.count(device) > before }
    }

    /// Commands that wait for a device, as people queue them.
    func order(_ orders: [(id: String, name: String, params: String)], of device: DeviceID) {
        let time = Timestamp(milliseconds: 0, trusted: true)
        state.withLock { state in
            state.waiting += orders.map {
                DeviceCommand(
                    id: $0.id, device: device, name: $0.name, params: $0.params, origin: "cli", state: .queued,
                    result: nil, created: time, expires: time)
            }
        }
    }

    /// What became of commands, without how they got there.
    var outcomes: [String] { state.withLock { $0.reports.filter { !$0.contains(" sent ") } } }

    static func library(_ name: String) throws -> ModbusMap {
        let read = ProfileLibrary.read(folder: "\(Vectors.packageRoot)/drivers/\(name)")
        guard case .modbus(let map) = try read.get().kind else { throw Refused() }
        return map
    }

    static func device(
        _ id: String, _ unit: UInt8, _ map: String, writes: Set<String> = []
    ) throws -> ModbusDevice {
        ModbusDevice(
            id: try #require(DeviceID(id)), unit: unit, map: try library(map), writes: writes,
            interval: .milliseconds(100))
    }

    static func bus(_ site: ModbusSite, _ endpoint: ModbusBus.Endpoint, _ devices: [ModbusDevice]) throws -> ModbusBus {
        try ModbusBus(
            ModbusBus.Configuration(endpoint: endpoint, devices: devices, timeout: .seconds(5)),
            outlets: site.outlets, clock: SystemClock(), seed: 1)
    }
}
