import GatewayTestKit
import Glibc
import HTTPClient
import JSONText
import Testing

/// `docs/extend/pull_to_postgresql.py` against a real PostgreSQL.
@Suite(.serialized) struct ReferencePullerTests {
    /// Beside the tests, wherever the tree is.
    private static var script: String {
        let parts = "\(#filePath)".split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/docs/extend/pull_to_postgresql.py"
    }

    private func puller(
        _ server: PostgreSQLServer, _ gateway: GatewayProcess, once: Bool
    ) throws -> ChildProcess {
        try ChildProcess(
            "/usr/bin/python3",
            [Self.script, server.database, gateway.url, "--token-file", gateway.folder.file("token")]
                + (once ? ["--once"] : []), output: gateway.folder.file("puller.log"))
    }

    private func started(_ sections: String) throws -> GatewayProcess {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: sections)
        try start(gateway)
        return gateway
    }

    /// Starts it and makes the puller's token.
    private func start(_ gateway: GatewayProcess) throws {
        #expect(try gateway.start(), "\(gateway.log)")
        let token = try JSON(
            parsing: try gateway.tool(["token", "create", "central", "--scopes", "sync:pull", "--json"]).output)
        try File.write(token["token"]?.string ?? "", to: gateway.folder.file("token"), mode: 0o600)
    }

    private func publish(_ publisher: LoadPublisher, _ range: Range<Int>) {
        publisher.publish(range) {
            ("mycobrain/pg-\($0 % 3)/telemetry", Array(#"{"seq":\#($0),"pack":[{"id":"x","v":\#($0)}]}"#.utf8))
        }
    }

    private func pullOnce(_ server: PostgreSQLServer, _ gateway: GatewayProcess) throws {
        let status = try puller(server, gateway, once: true).waitForExit()
        #expect(status == 0, "\((try? File.text(gateway.folder.file("puller.log"))) ?? "")")
    }

    /// The values that have landed, each as often as it has.
    private func values(_ server: PostgreSQLServer) throws -> [Int] {
        try server.query(
            "SELECT body->'readings'->0->>'v' FROM mycogate_record WHERE stream = 'readings'"
        ).split(separator: "\n").compactMap { Int($0) }
    }

    @Test func everyStreamLandsOnceThroughKillsOfBoth() throws {
        let server = try PostgreSQLServer()
        let broker = try BrokerProcess()
        let gateway = try started(
            """
            mqtt: {broker: "\(broker.url)"}
            sync: {consumers: [{name: central, streams: [readings, events, logs, audit, tasks], required: true}]}
            """)
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        var random = SeededRandom(seed: 7)
        var running = try puller(server, gateway, once: false)
        let round = 400
        for step in 0..<12 {
            publish(publisher, step * round..<(step + 1) * round)
            // Killed wherever it is, at a moment that the count of what has landed chooses.
            let limit = Int.random(in: step * round..<(step + 1) * round, using: &random)
            #expect(Eventually.holds(within: .seconds(30)) { ((try? values(server)) ?? []).count > limit })
            if step % 3 == 2 {
                gateway.kill()
                #expect(try gateway.start(), "\(gateway.log)")
            }
            running.kill(SIGKILL)
            _ = running.waitForExit()
            running = try puller(server, gateway, once: false)
        }
        #expect(Eventually.holds(within: .seconds(30)) { gateway.recordCount == 12 * round })
        running.kill(SIGKILL)
        _ = running.waitForExit()
        try pullOnce(server, gateway)
        #expect(try values(server).sorted() == Array(0..<12 * round))
        for stream in ["readings", "events", "logs", "audit", "tasks"] {
            let held = try gateway.records(of: stream).compactMap { $0["id"]?.string }
            let landed = try server.query(
                "SELECT id FROM mycogate_record WHERE stream = '\(stream)' ORDER BY (body->>'seq')::bigint")
            #expect(landed.split(separator: "\n").map(String.init) == held, "\(stream)")
        }
        let state = try JSON(parsing: try #require(gateway.get("/api/v1/sync")).body)
        for stream in state["streams"]?.array ?? [] where (stream["last_seq"]?.int ?? 0) > 0 {
            #expect(stream["consumers"]?["central"]?["lag"]?.int == 0, "\(stream.text)")
        }
        gateway.stop()
    }

    @Test func aGatewayRestoredFromABackupLosesAndDoublesNothing() throws {
        let server = try PostgreSQLServer()
        let broker = try BrokerProcess()
        let gateway = try started("mqtt: {broker: \"\(broker.url)\"}")
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        publish(publisher, 0..<300)
        #expect(Eventually.holds { gateway.recordCount == 300 })
        let backup = gateway.folder.file("backup.tar")
        let made = try gateway.tool(["backup", backup])
        #expect(made.status == 0, "\(made.output)")
        publish(publisher, 300..<500)
        #expect(Eventually.holds { gateway.recordCount == 500 })
        try pullOnce(server, gateway)
        #expect(try values(server).count == 500)
        gateway.kill()
        // The disk has died; what was backed up takes its place.
        #expect(try ChildProcess("rm", ["-rf", gateway.dataDirectory]).waitForExit() == 0)
        _ = try gateway.folder.folder("data")
        let restored = try gateway.tool(["restore", backup])
        #expect(restored.status == 0, "\(restored.output)")
        #expect(try gateway.start(), "\(gateway.log)")
        // More than were lost, so that the old cursor lies within the new numbers.
        publish(publisher, 500..<900)
        #expect(Eventually.holds { gateway.recordCount == 700 })
        try pullOnce(server, gateway)
        #expect(try values(server).sorted() == Array(0..<900))
        #expect(try server.query("SELECT count(*) FROM mycogate_gap") == "0")
        #expect(try server.query("SELECT count(DISTINCT split_part(id, '/', 2)) FROM mycogate_record") == "2")
        gateway.stop()
    }

    @Test func aPageThatBreaksOffLeavesNoRecordOut() throws {
        let server = try PostgreSQLServer()
        let broker = try BrokerProcess()
        let gateway = try started("mqtt: {broker: \"\(broker.url)\"}")
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        publish(publisher, 0..<50)
        #expect(Eventually.holds { gateway.recordCount == 50 })
        try pullOnce(server, gateway)
        publish(publisher, 50..<150)
        #expect(Eventually.holds { gateway.recordCount == 150 })
        // PostgreSQL refuses in the middle of the page, as it does when its disk is full.
        let refusal = "CHECK (stream <> 'readings' OR body->'readings'->0->>'v' <> '100')"
        _ = try server.query("ALTER TABLE mycogate_record ADD CONSTRAINT full_disk \(refusal)")
        #expect(try puller(server, gateway, once: true).waitForExit() == 1)
        #expect(try values(server).count == 50)
        let state = try JSON(parsing: try #require(gateway.get("/api/v1/sync")).body)
        let readings = state["streams"]?.array?.first { $0["name"]?.string == "readings" }
        #expect(readings?["consumers"]?["central"]?["acked"]?.int == 50)
        _ = try server.query("ALTER TABLE mycogate_record DROP CONSTRAINT full_disk")
        try pullOnce(server, gateway)
        #expect(try values(server).sorted() == Array(0..<150))
        gateway.stop()
    }

    @Test func whatIsGoneIsEnteredAsAGap() throws {
        let server = try PostgreSQLServer()
        let broker = try BrokerProcess()
        let gateway = try started("mqtt: {broker: \"\(broker.url)\"}")
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        publish(publisher, 0..<300)
        #expect(Eventually.holds { gateway.recordCount == 300 })
        gateway.stop()
        // All that was stored is beyond repair.
        let segment = gateway.dataDirectory + "/journal/readings/0000000000000001.db"
        let size = try File.bytes(segment).count
        chmod(segment, 0o600)
        try File.write([UInt8](repeating: 0xEE, count: size), to: segment)
        #expect(try gateway.start(), "\(gateway.log)")
        publish(publisher, 300..<310)
        #expect(Eventually.holds { gateway.recordCount >= 310 })
        try pullOnce(server, gateway)
        #expect(try values(server).sorted() == Array(300..<310))
        let gaps = try server.query("SELECT first, last, reason FROM mycogate_gap WHERE stream = 'readings'")
        #expect(gaps.contains("1|300|damaged"), "\(gaps)")
        gateway.stop()
    }

    @Test func recordsPulledIn1970GetTheirRightTimeToo() throws {
        let server = try PostgreSQLServer()
        let broker = try BrokerProcess()
        let down = try LoopbackPort.free()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                sync: {destinations: [{name: mas, kind: mas, url: "http://127.0.0.1:\(down)"}]}
                """)
        try gateway.falsifyClock(by: 120 - Int64(time(nil)))
        try start(gateway)
        let publisher = try LoadPublisher(port: broker.port, clientID: "devices")
        publish(publisher, 0..<50)
        #expect(Eventually.holds { gateway.recordCount == 50 })
        try pullOnce(server, gateway)
        let early = "SELECT count(*) FROM mycogate_record WHERE time < '2020-01-01'"
        #expect(try Int(server.query(early)) ?? 0 >= 50)
        // The time comes with the answers of a MAS.
        var configuration = StandInMAS.Configuration()
        configuration.port = UInt16(down)
        let mas = try StandInMAS(configuration)
        #expect(Eventually.holds(within: .seconds(40)) { gateway.status()?["time_trusted"]?.bool == true })
        #expect(mas.wait { $0.deliveries.count == 50 })
        #expect(
            Eventually.holds {
                let events = (try? gateway.records(of: "events")) ?? []
                return events.contains { $0["kind"]?.string == "clock_correction" }
            })
        try pullOnce(server, gateway)
        #expect(try server.query(early) == "0")
        #expect(
            try server.query("SELECT count(*) FROM mycogate_record WHERE abs(extract(epoch FROM now() - time)) > 300")
                == "0")
        gateway.stop()
    }
}
