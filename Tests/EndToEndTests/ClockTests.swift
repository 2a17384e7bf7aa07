import GatewayTestKit
import Glibc
import HTTPClient
import JSONText
import Testing

/// The daemon on a box whose clock is wrong, by libfaketime: the wall clock alone, and it can be set while it runs.
@Suite(.serialized) struct ClockTests {
    /// Seconds since 1970.
    private var now: Int64 { Int64(time(nil)) }

    private func gateway(_ sections: String, wrongBy seconds: Int64) throws -> GatewayProcess {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: sections)
        try gateway.falsifyClock(by: seconds)
        #expect(try gateway.start(), "\(gateway.log)")
        return gateway
    }

    private func status(_ gateway: GatewayProcess, _ key: String) -> JSON? { gateway.status()?[key] }

    private func body(_ number: Int) -> [UInt8] {
        Array(#"{"seq":\#(number),"pack":[{"id":"x","v":\#(number)}]}"#.utf8)
    }

    @Test func aGatewayIn1970StoresDeliversAndCorrects() throws {
        let broker = try BrokerProcess()
        let down = try LoopbackPort.free()
        let sections = """
            mqtt: {broker: "\(broker.url)"}
            sync: {destinations: [{name: mas, kind: mas, url: "http://127.0.0.1:\(down)"}]}
            """
        let gateway = try gateway(sections, wrongBy: 120 - now)
        #expect(status(gateway, "time_trusted")?.bool == false)
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<10) { ("mycobrain/early/telemetry", body($0)) }
        #expect(Eventually.holds { gateway.recordCount == 10 })
        let early = try gateway.records(of: "readings")
        #expect(early.allSatisfy { $0["time_trusted"]?.bool == false })
        #expect(early.allSatisfy { $0["time"]?.string?.hasPrefix("1970-01-01T00:0") == true })
        #expect(early.allSatisfy { $0["flags"]?.array?.contains(.string("clock_untrusted")) == true })
        // A command is under way while the clock is set.
        let sent = try gateway.tool(["command", "early", "ping", "--wait", "0s", "--json"])
        let command = try JSON(parsing: String(sent.output.split(separator: "\n")[0]))["id"]?.string ?? ""

        var configuration = StandInMAS.Configuration()
        configuration.port = UInt16(down)
        let mas = try StandInMAS(configuration)
        #expect(
            Eventually.holds(within: .seconds(40)) { status(gateway, "time_trusted")?.bool == true }, "\(gateway.log)")
        #expect(status(gateway, "clock_evidence")?.string == "upstream", "the MAS told the time by its answers")
        #expect(mas.wait { $0.deliveries.count == 10 })
        #expect(Eventually.holds { (try? correction(gateway)) != nil }, "\(gateway.log)")
        let event = try #require(try correction(gateway))
        let offset = try #require(event["body"]?["offset_ms"]?.int64)
        #expect(event["body"]?["ranges"]?["readings"]?["from"]?.int == 1)
        #expect((event["body"]?["ranges"]?["readings"]?["to"]?.int ?? 0) >= 10)
        let late = try gateway.records(of: "readings")
        for (record, before) in zip(late, early) {
            #expect(record["time_trusted"]?.bool == true)
            #expect(record["flags"]?.array?.contains(.string("clock_corrected")) == true)
            let mono = try #require(record["mono_ms"]?.int64)
            #expect(mono == before["mono_ms"]?.int64)
            #expect(abs((mono + offset) / 1_000 - now) < 120)
            #expect(record["time"]?.string?.hasPrefix("1970") == false)
        }
        // Nil stands for an answer that is none.
        let state = gateway.get("/api/v1/commands/\(command)").flatMap { try? JSON(parsing: $0.body) }?["state"]?.string
        #expect(state == "sent")
        #expect(gateway.stop() == 0)
        // SQL reads the segments from another process.
        let rows = try gateway.tool(["sql", "select count(*) from readings where time_ms < 1700000000000"])
        #expect(rows.output.contains("0"), "\(rows.output)")
    }

    @Test func settingTheClockByYearsEndsNothing() throws {
        let broker = try BrokerProcess()
        let gateway = try gateway(
            "mqtt: {broker: \"\(broker.url)\"}", wrongBy: 0)
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<1) { ("mycobrain/a1/telemetry", body($0)) }
        #expect(Eventually.holds { gateway.recordCount == 1 })
        let sent = try gateway.tool(["command", "a1", "ping", "--wait", "0s", "--json"])
        let id = try JSON(parsing: String(sent.output.split(separator: "\n")[0]))["id"]?.string ?? ""
        let year: Int64 = 365 * 86_400
        for (step, seconds) in [10 * year, -10 * year, 60 - now, 0].enumerated() {
            let before = try #require(status(gateway, "uptime_s")?.int64)
            try gateway.falsifyClock(by: seconds)
            publisher.publish(step + 1..<step + 2) { ("mycobrain/a1/telemetry", body($0)) }
            #expect(Eventually.holds { gateway.recordCount == step + 2 })
            // Housekeeping has come round.
            #expect(Eventually.holds { (status(gateway, "uptime_s")?.int64 ?? 0) >= before + 2 })
            // Nil stands for an answer that is none.
            let state = gateway.get("/api/v1/commands/\(id)").flatMap { try? JSON(parsing: $0.body) }?["state"]?.string
            #expect(state == "sent", "after a step to \(seconds)")
            #expect(status(gateway, "devices")?["online"]?.int == 1, "after a step to \(seconds)")
            #expect(gateway.get("/ready")?.status == 200)
        }
        #expect(gateway.stop() == 0)
    }

    private func correction(_ gateway: GatewayProcess) throws -> JSON? {
        try gateway.records(of: "events").first { $0["kind"]?.string == "clock_correction" }
    }
}

extension GatewayProcess {
    /// Makes the daemon's wall clock wrong by so many seconds, by libfaketime; at once if it runs since an earlier call.
    func falsifyClock(by seconds: Int64) throws {
        let file = folder.file("faketime")
        try File.write("\(seconds < 0 ? "" : "+")\(seconds)\n", to: file + ".next")
        rename(file + ".next", file)
        environment = [
            "LD_PRELOAD": "/usr/$LIB/faketime/libfaketimeMT.so.1", "FAKETIME_TIMESTAMP_FILE": file,
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        ]
    }
}
