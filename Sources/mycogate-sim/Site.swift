import Crypto
import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit

/// A site on this machine: the real gateway with an embedded broker, simulated boards, a stand-in MAS.
final class Site {
    private static let kinds =
        ["mqtt", "serial", "modbus", "sparkplug", "tasmota", "homie"]
        + PublishingSensor.Convention.allCases.map(\.rawValue) + LoRaField.kinds + PluggedDevice.kinds

    private let clock: any Clock = SystemClock()
    private let mas: StandInMAS
    private let gateway: GatewayProcess
    private let folder: TemporaryFolder
    private let boards: [PluggedDevice]
    private let slaves: ModbusStandIn
    private let field: MQTTField
    private let lora: LoRaField
    private let conventions: ConventionField
    private let brokerPort: Int
    private var tally = Tally()

    init(gateway program: String, port: Int?, seed: UInt64) throws {
        var settings = StandInMAS.Configuration()
        settings.keepsContent = false
        mas = try StandInMAS(settings)
        folder = try TemporaryFolder("mycogate-site")
        brokerPort = try LoopbackPort.free()
        boards = try Self.plugged(seed, in: folder)
        // A CO2 sensor and a transmitter of temperature; the third is configured, and not there.
        slaves = try ModbusStandIn(units: [1, 2])
        slaves.set(1, .input, 3, [612])
        slaves.set(2, .input, 1, [214, 487])
        let publishers = Self.publishers(seed)
        lora = try LoRaField(seed: seed, broker: brokerPort, in: folder)
        field = MQTTField(publishers, port: brokerPort, interval: 1_000)
        conventions = ConventionField(
            [SparkplugEdgeNode(seed: seed + 20), TasmotaPlug(seed: seed + 21), HomieStation(seed: seed + 22)]
                + PublishingSensor.Convention.allCases.map { PublishingSensor($0, seed: seed + 23) },
            port: brokerPort)
        tally.kindsByDevice.merge(conventions.kinds) { $1 }
        tally.kindsByDevice.merge(boards.map { ($0.name, $0.kind) }) { $1 }
        let usual = LoopbackPort.accepts(8003) ? nil : 8003
        gateway = try GatewayProcess(
            binary: program,
            sections: Self.configuration(
                broker: brokerPort, mas: mas.url, boards: boards, in: folder, publishers, lora, modbus: slaves.port),
            port: port ?? usual, id: "gw-demo")
    }

    /// Runs for `seconds`, or until a signal or the end of the gateway; true if every kind was stored and delivered.
    func run(seconds: Int?, signals: SignalSource) throws -> Bool {
        guard try gateway.start() else {
            SimulatorProgram.complain("demo: the gateway did not become ready\n\(gateway.log)")
            return false
        }
        SimulatorProgram.say(introduction)
        let end = seconds.map { clock.now().monotonicMilliseconds + Int64($0) * 1_000 }
        var reportAt: Int64 = 0
        while gateway.isRunning {
            let now = clock.now()
            if let end, now.monotonicMilliseconds >= end { break }
            field.publishDue(now)
            lora.sendDue(now)
            conventions.publishDue(now)
            if now.monotonicMilliseconds >= reportAt {
                reportAt = now.monotonicMilliseconds + 2_000
                report()
            }
            if signals.wait(timeout: .milliseconds(50)) != nil { break }
        }
        return conclude()
    }

    /// Lets everything drain, counts, and stops it all.
    private func conclude() -> Bool {
        field.close(clock.now())
        lora.close()
        conventions.close()
        for device in boards { device.rest() }
        slaves.kill([1, 2])
        let wasRunning = gateway.isRunning
        if !wasRunning { SimulatorProgram.complain("demo: the gateway ended\n\(gateway.log.suffix(4_000))") }
        let isComplete = Eventually.holds(within: .seconds(15)) {
            tally.follow(gateway)
            return tally.storedCount("mqtt") >= field.acknowledged
                && conventions.made.allSatisfy { tally.storedCount($0.key) >= $0.value } && isDelivered
        }
        let status = gateway.stop()
        for device in boards { device.board.stop() }
        let sent = boards.filter { $0.kind == "serial" }.reduce(0) { $0 + $1.board.ledger.count(of: .sent) }
        SimulatorProgram.say(
            "made: mqtt \(field.acknowledged) messages, \(field.repeated) of them sent twice; serial \(sent) measurements sent whole\n"
        )
        if status != 0 { SimulatorProgram.complain("demo: the gateway stopped with status \(status)") }
        mas.stop()
        SimulatorProgram.say("demo: \(counts)\n")
        return wasRunning && isComplete && status == 0
    }

    private var isDelivered: Bool {
        mas.withLedger { ledger in
            Self.kinds.allSatisfy {
                tally.storedCount($0) > 0 && tally.delivered($0, to: ledger) == tally.storedCount($0)
            }
        }
    }

    private var counts: String {
        mas.withLedger { ledger in
            Self.kinds.map {
                "\($0) stored=\(tally.storedCount($0)) delivered=\(tally.delivered($0, to: ledger))"
            }.joined(separator: "; ")
        }
    }

    private func report() {
        tally.follow(gateway)
        let latest = tally.latest.map { "\($0.device) \($0.text)" }.joined(separator: " | ")
        SimulatorProgram.say("\(counts)\n    \(latest)\n")
    }

    private var introduction: String {
        """
        the gateway is ready; \(boards.count) boards on serial ports, 3 on MQTT, \(conventions.kinds.count) that speak conventions of others, 2 on Modbus TCP,
        a stand-in MAS at \(mas.url)
        look:
            \(gateway.url)/ in a browser, or curl \(gateway.url)/api/v1/status
            curl \(gateway.url)/api/v1/devices
            curl '\(gateway.url)/api/v1/sync/readings?after=0&limit=3'
            curl \(mas.url)/standin/summary
            mosquitto_sub -p \(brokerPort) -t '#' -v
            MYCOGATE_DATA_DIR=\(gateway.dataDirectory) .build/release/mycogate status

        """
    }

    private static func plugged(_ seed: UInt64, in folder: TemporaryFolder) throws -> [PluggedDevice] {
        var firmwares: [(String, any BoardFirmware)] = [
            ("bench-g11", MDPBoard(interval: .milliseconds(700), faults: .usual, seed: seed)),
            (
                "bench-g3",
                LineBoard(.g3, mac: "F2:7C:3A:1D:B4:10", interval: .seconds(1), faults: .usual, seed: seed + 1)
            ),
            (
                "bench-g2",
                LineBoard(.g2, mac: "F2:7C:3A:1D:B4:11", interval: .seconds(1), faults: .usual, seed: seed + 2)
            ),
        ]
        firmwares.append(("bench-binary", BinaryBoard(interval: .seconds(1), faults: .usual, seed: seed + 3)))
        for (index, generation) in TextBoard.Generation.allCases.enumerated() {
            let board = TextBoard(generation, interval: .seconds(1), faults: .usual, seed: seed + 4 + UInt64(index))
            firmwares.append(("bench-" + generation.rawValue, board))
        }
        return try firmwares.map { name, firmware in
            let board = try SimulatedBoard(firmware)
            try board.cable.link(at: folder.file(name))
            return PluggedDevice(name: name, kind: "serial", driver: "mycobrain", board: board)
        } + PluggedDevice.instruments(seed, in: folder)
    }

    private static func publishers(_ seed: UInt64) -> [MQTTBoard] {
        [
            MQTTBoard(id: "field-agent", family: .agent, seed: seed + 3),
            MQTTBoard(id: "field-bridge", family: .bridge, repetition: 0.1, seed: seed + 4),
            MQTTBoard(id: "field-signed", family: .signed, repetition: 0.1, seed: seed + 5),
        ]
    }

    /// The sections that `GatewayProcess` does not write by itself.
    private static func configuration(
        broker: Int, mas: String, boards: [PluggedDevice], in folder: TemporaryFolder, _ publishers: [MQTTBoard],
        _ lora: LoRaField, modbus: Int
    ) -> String {
        let ports = boards.map { "    - \($0.port(in: folder))\n" }.joined()
        let wired = boards.map { "  - {alias: \($0.name), match: {path: \(folder.file($0.name))}}\n" }.joined()
        let signed = publishers.compactMap { board in
            board.publicKey.map { "  - {alias: \(board.id), public_key: \"\(Base64.encode($0))\"}\n" }
        }.joined()
        return """
            mqtt: {broker: embedded, port: \(broker), topics: [{filter: "\(PublishingSensor.ownTopics)"}]}
            \(lora.section)\
            serial:
              ports:
            \(ports)\(lora.port)\(PluggedDevice.instrumentSettings)
            modbus:
              buses:
                - tcp: 127.0.0.1:\(modbus)
                  timeout: 100ms
                  devices:
                    - {id: bench-co2, profile: senseair-s8, unit: 1, interval: 1s}
                    - {id: bench-climate, profile: generic-xy-md02, unit: 2, interval: 1s}
                    - {id: bench-missing, profile: generic-xy-md02, unit: 3, interval: 1s}
            devices:
            \(wired)\(signed)\(lora.devices)sync:
              destinations:
                - {name: mas, kind: mas, url: "\(mas)", required: true}
            """
    }
}
