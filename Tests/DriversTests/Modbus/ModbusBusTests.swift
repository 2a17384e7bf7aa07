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
    @Test func slavesOnASerialLineAreReadByTheirMaps() async throws {
        let pair = try PtyPair()
        let slaves = try ModbusStandIn(units: [1, 254], on: pair)
        slaves.set(254, .input, 3, [904])
        slaves.set(254, .holding, 31, [180])
        slaves.set(1, .input, 1, [305, 546])
        slaves.damage(next: 1)
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .serial(path: pair.path, LineSettings(baud: 9_600)),
            [try ModbusSite.device("s8", 254, "senseair-s8"), try ModbusSite.device("md", 1, "generic-xy-md02")])
        site.state.withLock { $0.refusals = 2 }
        try await site.run(bus) { $0.count("s8") > 3 && $0.count("md") > 3 && $0["s8 co2.abc_period"] != nil }
        #expect(site["s8 co2"] == 904)
        #expect(site["s8 co2.abc_period"] == 180)
        #expect(site["md temperature"] == 30.5)
        #expect(site["md humidity"] == 54.6)
        #expect(slaves.longestRead <= 8, "no request is longer than the profile allows")
    }

    /// On a serial line nothing tells which question an answer belongs to.
    @Test func anAnswerThatComesLateIsNeverTakenForThatOfAnotherQuestion() async throws {
        let pair = try PtyPair()
        let slaves = try ModbusStandIn(units: [1], on: pair)
        slaves.set(1, .holding, 0, [111])
        slaves.set(1, .holding, 500, [222])
        let points = try [("a", 0), ("b", 500)].map { name, address in
            ModbusPoint(
                name: name, table: .holding, address: UInt16(address), type: .u16, count: 1,
                group: name == "a" ? 0 : 1, rule: FieldRule(try #require(MetricName("late.\(name)"))))
        }
        let groups = ["a", "b"].map { ModbusMap.Group(name: $0, interval: .milliseconds(100)) }
        let site = ModbusSite()
        let device = ModbusDevice(
            id: try #require(DeviceID("slow")), unit: 1, map: ModbusMap(points: points, groups: groups))
        let bus = try ModbusBus(
            ModbusBus.Configuration(
                endpoint: .serial(path: pair.path, LineSettings(baud: 9_600)), devices: [device], timeout: .seconds(1)),
            outlets: site.outlets, clock: SystemClock(), seed: 1)
        let wrong = Monitor<[String]>([])
        func look() {
            for (name, value) in [("a", 111.0), ("b", 222.0)] {
                guard let stored = site["slow late.\(name)"], stored != value else { continue }
                wrong.withLock { $0.append("\(name): \(stored)") }
            }
        }
        var rounds = 0
        var seen = 0
        // Quick for a while, so that it is given up quickly; then late.
        try await site.run(bus) { site in
            look()
            let count = site.count("slow")
            if count >= seen + 20, slaves.isLate, rounds < 1 {
                rounds += 1
                seen = count
                slaves.delay(1, by: .milliseconds(400))
            }
            return rounds == 1 && slaves.isLate && count >= seen + 10
        }
        #expect(wrong.withLock { $0 }.isEmpty)
    }

    @Test func aSlaveWhoseQuestionEndsTheConnectionDoesNotKeepTheOthersFromBeingRead() async throws {
        let slaves = try ModbusStandIn(units: [1, 2])
        slaves.set(1, .holding, 0, [111])
        slaves.set(2, .input, 1, [201, 402])
        slaves.hangUp(at: 500)
        let points = try [("a", 0), ("b", 500)].map { name, address in
            ModbusPoint(
                name: name, table: .holding, address: UInt16(address), type: .u16, count: 1,
                rule: FieldRule(try #require(MetricName("rude.\(name)"))))
        }
        let map = ModbusMap(points: points, groups: [ModbusMap.Group(name: "", interval: .milliseconds(100))])
        let rude = ModbusDevice(id: try #require(DeviceID("rude")), unit: 1, map: map)
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .tcp(host: "127.0.0.1", port: slaves.port), [rude, try ModbusSite.device("md", 2, "generic-xy-md02")])
        try await site.run(bus) { $0.count("md") > 2 && $0["rude rude.a"] != nil }
        #expect(site["rude rude.a"] == 111 && site["md temperature"] == 20.1)
    }

    @Test func aRefusedRangeIsReadPointByPoint() async throws {
        let slaves = try ModbusStandIn(units: [1])
        slaves.know(only: [1, 2, 0x101, 0x103])
        slaves.set(1, .input, 1, [201, 402])
        slaves.set(1, .holding, 0x103, [5])
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .tcp(host: "127.0.0.1", port: slaves.port), [try ModbusSite.device("picky", 1, "generic-xy-md02")])
        try await site.run(bus) { $0["picky temperature.correction"] != nil && $0["picky humidity"] != nil }
        #expect(site["picky temperature.correction"] == 0.5)
        #expect(site["picky sys.baud"] == nil)
    }

    @Test func onlyWhatTheSiteAllowsIsWrittenReadBackAndAudited() async throws {
        let slaves = try ModbusStandIn(units: [1])
        let site = ModbusSite()
        let device = try ModbusSite.device("md", 1, "generic-xy-md02", writes: ["temperature_correction"])
        let bus = try ModbusSite.bus(site, .tcp(host: "127.0.0.1", port: slaves.port), [device])
        let orders = [
            ("a", "write", #"{"point":"temperature_correction","value":-1.5}"#),
            ("b", "write", #"{"point":"humidity_correction","value":1}"#),
            ("c", "write", #"{"point":"temperature_correction","value":11}"#),
            ("d", "write", #"{"point":"nothing","value":1}"#), ("e", "estop", "{}"), ("f", "write", "{"),
        ]
        site.order(orders, of: device.id)
        try await site.run(bus) { site in
            site.state.withLock {
                $0.reports.count == 2 * orders.count && $0.notes.contains { $0.kind == "modbus_write" }
            }
        }
        let reports = site.outcomes
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

    @Test func aServerThatClosesAfterEachAnswerIsReadAllTheSame() async throws {
        let slaves = try ModbusStandIn(units: [1])
        slaves.hangUpAlways()
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .tcp(host: "127.0.0.1", port: slaves.port), [try ModbusSite.device("one", 1, "generic-xy-md02")])
        // The slow group comes second: a bus that loses its connection at each question never gets so far.
        try await site.run(bus) { $0["one temperature"] != nil && $0["one sys.unit"] != nil && $0.count("one") > 2 }
        #expect(bus.status.slaves[0].failed == 0)
    }

    @Test func aBusThatNobodyListensOnIsTold() async throws {
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .tcp(host: "127.0.0.1", port: try LoopbackPort.free()),
            [try ModbusSite.device("two", 1, "generic-xy-md02")])
        try await site.run(bus) { $0.state.withLock { $0.notes.contains { $0.kind == "modbus_bus_lost" } } }
    }

    @Test func aBusThatIsLostAndBackIsToldOnceEach() async throws {
        let folder = try TemporaryFolder()
        let pair = try PtyPair()
        let slaves = try ModbusStandIn(units: [1], on: pair)
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .serial(path: folder.file("line"), LineSettings(baud: 9_600)),
            [try ModbusSite.device("md", 1, "generic-xy-md02")])
        let told: @Sendable () -> [String] = {
            site.state.withLock { $0.notes.map(\.kind).filter { $0.hasPrefix("modbus_bus_") } }
        }
        var isThere = false
        try await site.run(bus) { site in
            if told() == ["modbus_bus_lost"], !isThere {
                // try is right here: a link that cannot be made ends the wait with the test's failure.
                isThere = (try? pair.link(at: folder.file("line"))) != nil
            }
            return told().count == 2 && site.count("md") > 2
        }
        #expect(told() == ["modbus_bus_lost", "modbus_bus_back"])
        withExtendedLifetime(slaves) {}
    }

    @Test func aServerThatComesBackIsReadAgainAndADeadSlaveIsTold() async throws {
        let slaves = try ModbusStandIn(units: [1, 2])
        slaves.kill([2])
        let site = ModbusSite()
        let bus = try ModbusBus(
            ModbusBus.Configuration(
                endpoint: .tcp(host: "127.0.0.1", port: slaves.port),
                devices: [
                    try ModbusSite.device("one", 1, "generic-xy-md02"),
                    try ModbusSite.device("two", 2, "generic-xy-md02"),
                ],
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

    @Test func pointsThatASlaveDoesNotHaveAreToldOnce() async throws {
        let slaves = try ModbusStandIn(units: [1])
        slaves.know(only: [1])
        let site = ModbusSite()
        let device = try ModbusSite.device("md", 1, "generic-xy-md02")
        let bus = try ModbusSite.bus(site, .tcp(host: "127.0.0.1", port: slaves.port), [device])
        try await site.run(bus) { site in
            site.count("md") > 2 && site.state.withLock { $0.notes.contains { $0.body.contains("device_address") } }
        }
        let told = site.state.withLock { $0.notes.filter { $0.kind == "modbus_point_refused" }.map(\.body) }
        #expect(told.count { $0.contains(#""points":["humidity"]"#) && $0.contains(#""exception":2"#) } == 1)
        #expect(!told.contains { $0.contains("temperature\"]") })
    }

    @Test func theAnswerToAWriteIsWhatTheRegisterHolds() async throws {
        let slaves = try ModbusStandIn(units: [1])
        let site = ModbusSite()
        let device = try ModbusSite.device("md", 1, "generic-xy-md02", writes: ["temperature_correction"])
        let bus = try ModbusSite.bus(site, .tcp(host: "127.0.0.1", port: slaves.port), [device])
        site.order(
            [
                ("a", "write", #"{"point":"temperature_correction","value":-1.54}"#),
                ("b", "write", #"{"point":"temperature_correction","value":"high"}"#),
            ], of: device.id)
        try await site.run(bus) { $0.outcomes.count == 2 }
        #expect(site.outcomes[0] == #"a acknowledged {"point":"temperature_correction","value":-1.5}"#)
        #expect(site.outcomes[1] == "b refused value: `high`, accepted a number")
        #expect(slaves.registers(1, .holding, 0x103..<0x104) == [65_521])
    }

    @Test func aWriteThatTheSlaveDoesNotKeepIsRefusedAndAuditedSo() async throws {
        let slaves = try ModbusStandIn(units: [1])
        slaves.set(1, .holding, 0x103, [7])
        slaves.forget(writesTo: [1])
        let site = ModbusSite()
        let device = try ModbusSite.device("md", 1, "generic-xy-md02", writes: ["temperature_correction"])
        let bus = try ModbusSite.bus(site, .tcp(host: "127.0.0.1", port: slaves.port), [device])
        site.order([("a", "write", #"{"point":"temperature_correction","value":2}"#)], of: device.id)
        try await site.run(bus) { site in site.state.withLock { $0.notes.contains { $0.kind == "modbus_write" } } }
        #expect(site.outcomes.count == 1 && site.outcomes[0].hasPrefix("a refused"), "\(site.outcomes)")
        #expect(site.outcomes[0].contains("read back as 7"))
        let audit = site.state.withLock { $0.notes.filter { $0.kind == "modbus_write" }.map(\.body) }
        #expect(audit.count == 1 && audit[0].contains("read_back_differs") && audit[0].contains(#""before":[7]"#))
    }

    @Test func aBusLendsItsPortAndReadsOnWhenItIsBack() async throws {
        let pair = try PtyPair()
        let slaves = try ModbusStandIn(units: [1], on: pair)
        slaves.set(1, .input, 1, [201, 402])
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .serial(path: pair.path, LineSettings(baud: 9_600)),
            [try ModbusSite.device("md", 1, "generic-xy-md02")])
        let running = Task { try await bus.run() }
        defer { running.cancel() }
        #expect(await site.reads("md"))
        #expect(throws: SerialError.self, "two masters") {
            try SerialPort(opening: pair.path, settings: LineSettings(baud: 9_600))
        }
        // Borrowers that give up on the way cost nothing but a pause.
        for _ in 0..<20 {
            let borrower = Task { try await bus.leases.borrow(pair.path, for: "nothing") }
            borrower.cancel()
            _ = try? await borrower.value  // it may have had the port for a moment
        }
        #expect(await site.reads("md"))
        var lease: PortLease? = try await bus.leases.borrow(pair.path, for: "firmware")
        let port = try SerialPort(opening: pair.path, settings: LineSettings(baud: 115_200))
        let asked = slaves.requestCount(of: 1)
        await #expect(throws: SerialError.self) { try await bus.leases.borrow(pair.path, for: "console") }
        #expect(slaves.requestCount(of: 1) == asked, "a bus that is lent asks nothing")
        port.close()
        lease?.giveBack()
        lease = nil
        #expect(await site.reads("md"))
        running.cancel()
        _ = await running.result
        await #expect(throws: SerialError.self) { try await bus.leases.borrow(pair.path, for: "too late") }
    }

    @Test func aPortThatIsNotThereCanBeBorrowedToo() async throws {
        let site = ModbusSite()
        let bus = try ModbusSite.bus(
            site, .serial(path: "/dev/not-there", LineSettings(baud: 9_600)),
            [try ModbusSite.device("md", 1, "generic-xy-md02")])
        let running = Task { try await bus.run() }
        defer { running.cancel() }
        let isFailing = Eventually.holds(within: .seconds(30)) {
            if case .degraded(let reason) = bus.condition { reason.contains("not-there") } else { false }
        }
        #expect(isFailing)
        let lease = try await bus.leases.borrow("/dev/not-there", for: "firmware")
        #expect(bus.leases.purpose(of: "/dev/not-there") == "firmware")
        lease.giveBack()
    }
}
