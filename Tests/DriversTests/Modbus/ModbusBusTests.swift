import Drivers
import EventLoop
import FieldProtocols
import Fleet
import GatewayModel
import GatewayTestKit
import JSONText
import Serial
import Testing

@Suite struct ModbusBuses {
    private struct Refused: Error {}

    /// What a bus brought in, and the commands it is given.
    private final class Site: Sendable {
        struct State {
            var values: [String: Double] = [:]
            var count: [String: Int] = [:]
            var notes: [Note] = []
            var waiting: [DeviceCommand] = []
            var reports: [String] = []
            var refusals = 0
        }
        let state = Monitor(State())

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
                    }))
        }

        func run(_ bus: ModbusBus, until holds: (Site) -> Bool) async throws {
            let running = Task { try await bus.run() }
            defer { running.cancel() }
            #expect(Eventually.holds(within: .seconds(30)) { holds(self) })
            running.cancel()
            _ = await running.result
        }

        subscript(_ key: String) -> Double? { state.withLock { $0.values[key] } }
        func count(_ device: String) -> Int { state.withLock { $0.count[device] ?? 0 } }
    }

    private static func library(_ name: String) throws -> ModbusMap {
        let read = ProfileLibrary.read(folder: "\(Vectors.packageRoot)/drivers/\(name)")
        guard case .modbus(let map) = try read.get().kind else { throw Refused() }
        return map
    }

    private static func device(
        _ id: String, _ unit: UInt8, _ map: String, writes: Set<String> = []
    ) throws -> ModbusDevice {
        ModbusDevice(
            id: try #require(DeviceID(id)), unit: unit, map: try library(map), writes: writes,
            interval: .milliseconds(100))
    }

    private static func bus(_ site: Site, _ endpoint: ModbusBus.Endpoint, _ devices: [ModbusDevice]) throws -> ModbusBus
    {
        try ModbusBus(
            ModbusBus.Configuration(endpoint: endpoint, devices: devices, timeout: .seconds(5)),
            outlets: site.outlets, clock: SystemClock(), seed: 1)
    }

    @Test func slavesOnASerialLineAreReadByTheirMaps() async throws {
        let pair = try PtyPair()
        let slaves = try ModbusStandIn(units: [1, 254], on: pair)
        slaves.set(254, .input, 3, [904])
        slaves.set(254, .holding, 31, [180])
        slaves.set(1, .input, 1, [305, 546])
        slaves.damage(next: 1)
        let site = Site()
        let bus = try Self.bus(
            site, .serial(path: pair.path, LineSettings(baud: 9_600)),
            [try Self.device("s8", 254, "senseair-s8"), try Self.device("md", 1, "generic-xy-md02")])
        site.state.withLock { $0.refusals = 2 }
        try await site.run(bus) { $0.count("s8") > 3 && $0.count("md") > 3 && $0["s8 co2.abc_period"] != nil }
        #expect(site["s8 co2"] == 904)
        #expect(site["s8 co2.abc_period"] == 180)
        #expect(site["md temperature"] == 30.5)
        #expect(site["md humidity"] == 54.6)
        #expect(slaves.longestRead <= 8, "no request is longer than the profile allows")
    }

    @Test func aServerOfAnotherMakeIsReadAndWritten() async throws {
        let folder = try TemporaryFolder("pymodbus")
        let port = try LoopbackPort.free()
        try File.write(Self.pymodbus, to: folder.file("server.py"))
        let server = try ChildProcess(
            "/usr/bin/python3", [folder.file("server.py"), "\(port)"], output: folder.file("log"))
        defer { server.kill(9) }
        let isThere = Eventually.holds(within: .seconds(30)) { LoopbackPort.accepts(port) || !server.isRunning }
        try #require(isThere && server.isRunning, "\((try? File.text(folder.file("log"))) ?? "")")
        let site = Site()
        let bus = try Self.bus(
            site, .tcp(host: "127.0.0.1", port: port),
            [try Self.device("md", 1, "generic-xy-md02"), try Self.device("s8", 2, "senseair-s8")])
        try await site.run(bus) { $0["md humidity"] != nil && $0["s8 co2"] != nil }
        #expect(site["md temperature"] == 30.5 && site["md humidity"] == 54.6)
        #expect(site["s8 co2"] == 904)
    }

    private static let pymodbus = """
        import asyncio, sys
        from pymodbus.server import StartAsyncTcpServer
        from pymodbus.datastore import ModbusSequentialDataBlock, ModbusSlaveContext, ModbusServerContext
        def slave():
            inputs = [0] * 200
            inputs[1:4] = [305, 546, 904]
            return ModbusSlaveContext(
                ir=ModbusSequentialDataBlock(0, inputs), hr=ModbusSequentialDataBlock(0, [0] * 400), zero_mode=True)
        context = ModbusServerContext(slaves={1: slave(), 2: slave()}, single=False)
        asyncio.run(StartAsyncTcpServer(context=context, address=("127.0.0.1", int(sys.argv[1]))))

        """

    @Test func aRefusedRangeIsReadPointByPoint() async throws {
        let slaves = try ModbusStandIn(units: [1])
        slaves.know(only: [1, 2, 0x101, 0x103])
        slaves.set(1, .input, 1, [201, 402])
        slaves.set(1, .holding, 0x103, [5])
        let site = Site()
        let bus = try Self.bus(
            site, .tcp(host: "127.0.0.1", port: slaves.port), [try Self.device("picky", 1, "generic-xy-md02")])
        try await site.run(bus) { $0["picky temperature.correction"] != nil && $0["picky humidity"] != nil }
        #expect(site["picky temperature.correction"] == 0.5)
        #expect(site["picky sys.baud"] == nil)
    }

    @Test func onlyWhatTheSiteAllowsIsWrittenReadBackAndAudited() async throws {
        let slaves = try ModbusStandIn(units: [1])
        let site = Site()
        let device = try Self.device("md", 1, "generic-xy-md02", writes: ["temperature_correction"])
        let bus = try Self.bus(site, .tcp(host: "127.0.0.1", port: slaves.port), [device])
        let orders = [
            ("a", "write", #"{"point":"temperature_correction","value":-1.5}"#),
            ("b", "write", #"{"point":"humidity_correction","value":1}"#),
            ("c", "write", #"{"point":"temperature_correction","value":11}"#),
            ("d", "write", #"{"point":"nothing","value":1}"#), ("e", "estop", "{}"), ("f", "write", "{"),
        ]
        site.state.withLock { state in
            state.waiting = orders.map { id, name, params in
                let time = Timestamp(milliseconds: 0, trusted: true)
                return DeviceCommand(
                    id: id, device: device.id, name: name, params: params, origin: "cli", state: .queued, result: nil,
                    created: time, expires: time)
            }
        }
        try await site.run(bus) { site in
            site.state.withLock {
                $0.reports.count == 2 * orders.count && $0.notes.contains { $0.kind == "modbus_write" }
            }
        }
        let reports = site.state.withLock { $0.reports.filter { !$0.contains(" sent ") } }
        #expect(
            reports.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
                "a acknowledged", "b refused", "c refused", "d refused", "e refused", "f refused",
            ])
        #expect(reports[1].contains("writes are off"))
        #expect(reports[2].contains("-10.0…10.0"))
        #expect(slaves.registers(1, .holding, 0x103..<0x105) == [65_521, 0])
        let audit = site.state.withLock { $0.notes.filter { $0.stream == .audit } }
        #expect(audit.count == 1 && audit[0].body.contains("read_back") && audit[0].body.contains(#""origin":"cli""#))
    }

    @Test func aServerThatComesBackIsReadAgainAndADeadSlaveIsTold() async throws {
        let slaves = try ModbusStandIn(units: [1, 2])
        slaves.kill([2])
        let site = Site()
        let bus = try ModbusBus(
            ModbusBus.Configuration(
                endpoint: .tcp(host: "127.0.0.1", port: slaves.port),
                devices: [try Self.device("one", 1, "generic-xy-md02"), try Self.device("two", 2, "generic-xy-md02")],
                timeout: .milliseconds(50)), outlets: site.outlets, clock: SystemClock(), seed: 1)
        try await site.run(bus) { site in
            guard site.state.withLock({ $0.notes.contains { $0.kind == "modbus_slave_silent" } }) else { return false }
            slaves.kill([])
            return site.count("two") > 1
                && site.state.withLock { $0.notes.contains { $0.kind == "modbus_slave_answers" } }
        }
        #expect(bus.status.slaves.map(\.failed)[1] > 0)
        #expect(site.count("one") > 0)
    }
}
