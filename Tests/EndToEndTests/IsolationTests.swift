import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// The daemon with everything that can go wrong at once: no device notices what another one does.
@Suite(.serialized) struct IsolationTests {
    @Test func whatBreaksStallsOrFloodsHoldsUpNobodyElse() throws {
        let folder = try TemporaryFolder()
        let broker = try BrokerProcess()
        // Breaks as soon as it is opened, has no room for a byte, says nothing but noise.
        let (broken, deaf, noisy) = (try PtyPair(gatewayEnd: .free), try PtyPair(), try PtyPair())
        // It waits for the rest of a request that is not one of its own.
        let silent = try StandInCollector()
        let board = try SimulatedBoard(MDPBoard(interval: .milliseconds(100), seed: 5))
        for (name, cable) in [("broken", broken), ("deaf", deaf), ("noisy", noisy), ("board", board.cable)] {
            try cable.link(at: folder.file(name))
        }
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                serial:
                  ports:
                    - {path: \(folder.file("broken")), driver: mycobrain}
                    - {path: \(folder.file("deaf")), driver: mycobrain}
                    - {path: \(folder.file("noisy")), driver: as7265x}
                    - {path: \(folder.file("board")), driver: mycobrain}
                modbus: {buses: [{tcp: "127.0.0.1:\(silent.port)", devices: [{id: co2, profile: senseair-s8, interval: 200ms}]}]}
                devices: [{alias: bench-7, match: {path: \(folder.file("board"))}}]
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        var random = SeededRandom(seed: 9)
        for round in 1...10 {
            let before = readings(gateway, "bench-7")
            deaf.fill()
            let command = ["command", deviceOf(gateway, folder.file("deaf")), "estop", "--wait", "0s"]
            try #require(try gateway.tool(command).status == 0, "round \(round): \(gateway.log)")
            noisy.send(random.bytes(4_000), within: .zero)
            publisher.publish((round - 1) * 20..<round * 20) { number in
                ("mycobrain/node/telemetry", Array(#"{"seq":\#(number),"pack":[{"id":"x","v":\#(number)}]}"#.utf8))
            }
            let isGoingOn = Eventually.holds(within: .seconds(30)) {
                if broken.isListened { broken.hangUp() }
                return readings(gateway, "bench-7") >= before + 3 && readings(gateway, "node") == round * 20
            }
            try #require(isGoingOn, "round \(round): \(gateway.log)")
        }
        #expect(gateway.isRunning && gateway.get("/ready")?.status == 200)
        gateway.stop()
        board.stop()
    }

    private func readings(_ gateway: GatewayProcess, _ device: String) -> Int {
        let records = try? gateway.records(of: "readings")
        return records?.count { $0["device"]?.string == device } ?? 0
    }

    private func deviceOf(_ gateway: GatewayProcess, _ path: String) -> String {
        let ports = gateway.get("/ports").flatMap { try? JSON(parsing: $0.body) }?["ports"]?.array ?? []
        return ports.first { $0["path"]?.string == path }?["device_id"]?.string ?? "nobody"
    }
}
