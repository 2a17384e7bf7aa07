import FieldProtocols
import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// Boards on serial ports as a technician works with them: through the daemon and the command line.
@Suite(.serialized) struct SerialBoardTests {
    private func gateway(_ link: String) throws -> GatewayProcess {
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                serial: {ports: [{path: \(link), driver: mycobrain}]}
                devices: [{alias: bench-7, match: {path: \(link)}}]
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        return gateway
    }

    @Test func anEmergencyStopHoldsUntilItIsCleared() throws {
        let folder = try TemporaryFolder()
        let board = try SimulatedBoard(MDPBoard(faults: BoardFaults(), seed: 5), measuring: .onDemand)
        try board.cable.link(at: folder.file("board"))
        let gateway = try gateway(folder.file("board"))
        #expect(Eventually.holds { gateway.get("/api/v1/devices/bench-7")?.status == 200 })
        let steps: [(name: String, status: Int32, said: String)] = [
            ("output_control", 0, "mosfet_updated"), ("estop", 0, "estop_activated"),
            ("output_control", 1, "estop_active\""), ("clear_estop", 0, "estop_cleared"),
            ("output_control", 0, "mosfet_updated"),
        ]
        for (name, status, said) in steps {
            let params = name == "output_control" ? ["id=mosfet1", "value=1"] : []
            let answer = try gateway.tool(["command", "bench-7", name] + params + ["--wait", "10s"])
            #expect(answer.status == status, "\(name): \(answer.output)")
            #expect(answer.output.contains(status == 0 ? " acknowledged: " : " refused: "), "\(name): \(answer.output)")
            #expect(answer.output.contains(said), "\(name): \(answer.output)")
        }
        gateway.stop()
    }

    @Test func linesOfTheSecondManagerAndMalformedEnvelopesInFramesAreReadings() throws {
        let folder = try TemporaryFolder()
        let cable = try PtyPair()
        try cable.link(at: folder.file("board"))
        let gateway = try gateway(folder.file("board"))
        #expect(Eventually.holds { cable.isListened })
        let lines = [
            #"{"type":"boot","ok":true,"hello":"mycobrain.sideA.bsec2","version":"2.1.0"}"#,
            #"{"type":"tele","seq":7,"t_ms":16000,"uptime_s":16,"temperature":22.5,"iaq":51.5,"iaq_accuracy":1}"#,
            "what is this",
        ]
        _ = cable.send(Array(lines.map { $0 + "\r\n" }.joined().utf8))
        #expect(Eventually.holds { gateway.recordCount == 1 })
        #expect(Eventually.holds { (try? gateway.records(of: "logs").count) == 1 })
        // As `side_a` sends it: hash and signature stand behind the closing brace.
        let malformed =
            #"{"hdr":{"deviceId":"mycobrain-side-a","proto":"other","msgId":"s-1"},"ts":{"utc":"52","mono_ms":52000},"#
            + #""seq":4,"pack":[{"id":"ai1_v","v":1.25,"u":"V"}]},"hash":"sha256:00","sig":"ed25519:AA=="}"#
        let header = MDPHeader(type: .telemetry, seq: 1, source: .sideA, destination: .gateway)
        _ = cable.send(Array("glued".utf8) + MDPEncoder.encode(header, payload: Array(malformed.utf8)))
        #expect(Eventually.holds { gateway.recordCount == 2 })
        let records = try gateway.records(of: "readings")
        #expect(records.map { $0["device"]?.string } == ["bench-7", "bench-7"])
        #expect(records.first?["readings"]?[1]?["id"]?.string == "bme688_a.iaq")
        #expect(records.last?["readings"]?[0]?["v"]?.double == 1.25)
        #expect(records.last?["flags"]?.text == #"["repaired"]"#)
        gateway.stop()
    }
}
