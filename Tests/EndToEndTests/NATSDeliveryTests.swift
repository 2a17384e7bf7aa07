import GatewayTestKit
import JSONText
import NATS
import SQLite
import Testing

/// The real program and a real cluster: whatever is killed, each record is stored once and in order.
@Suite(.serialized) struct NATSDeliveryTests {
    private static let stream = "mycogate-gw-test-1"

    private func publish(_ range: Range<Int>, _ broker: BrokerProcess) throws {
        let publisher = try LoadPublisher(port: broker.port, clientID: "device-\(range.lowerBound)")
        publisher.publish(range) { number in
            (
                "mycobrain/board-\(number % 5)/telemetry",
                Array(#"{"seq":\#(number / 5),"pack":[{"id":"x","v":\#(number)}]}"#.utf8)
            )
        }
        #expect(publisher.settle())
    }

    /// The numbers of the records that the stream holds, as they stand there.
    private func numbers(_ url: String) throws -> [Int] {
        try StreamContents.read(Self.stream, at: url).compactMap { message in
            message.id?.split(separator: "/").last.map { $0.prefix { $0 != "#" } }.flatMap { Int($0) }
        }
    }

    @Test func killsOfTheGatewayAndOfANodeLoseAndRepeatNothing() throws {
        let cluster = try NATSCluster()
        let broker = try BrokerProcess()
        let others = cluster.urls.dropFirst().map { #""\#($0)""# }.joined(separator: ", ")
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)", client_id: gw}
                sync:
                  destinations:
                    - {name: hub, kind: nats, url: "\(cluster.urls[0])", servers: [\(others)],
                       streams: [readings, audit], jetstream: {replicas: 3, duplicate_window: 100ms}}
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        try publish(0..<2_000, broker)
        for round in 1...3 {
            // Mid-stream: some of the round's records are stored, the rest is not.
            #expect(
                StreamContents.reaches(UInt64(round * 2_000 - 1_900), Self.stream, at: cluster.urls[0]),
                "\(gateway.log)")
            gateway.kill()
            if round == 2 { cluster.node(1).kill() }
            #expect(try gateway.start(), "\(gateway.log)")
            try publish((round * 2_000)..<((round + 1) * 2_000), broker)
        }
        try cluster.restart(1)
        #expect(StreamContents.reaches(8_000, Self.stream, at: cluster.urls[0], within: .seconds(60)), "\(gateway.log)")
        #expect(Eventually.holds { gateway.status()?["destinations"]?["hub"]?["lag"]?.int == 0 })
        gateway.stop()
        let isWhole = try numbers(cluster.urls[2]) == Array(1...8_000)
        #expect(isWhole)
    }

    /// The program in docs/operate/many-sites.md.
    @Test func theConsumerOfTheDocumentsHasEachRecordOnce() throws {
        let page = try File.text("\(Vectors.packageRoot)/docs/operate/many-sites.md")
        let start = try #require(page.firstRange(of: "```python\n"))
        let end = try #require(page[start.upperBound...].firstRange(of: "```\n"))
        let folder = try TemporaryFolder()
        try File.write(String(page[start.upperBound..<end.lowerBound]), to: folder.file("take.py"))
        let server = try NATSServerProcess()
        let connection = try NATSConnection(NATSSettings(), address: server.url, onArrival: {})
        _ = try connection.create(StreamPlan(name: "ALL", subjects: ["mycogate.>"]))
        for upper in [1_200, 1_300] {
            // The hundred that are published again have the same ids: a restored stream, or another copy of it.
            for number in (upper == 1_200 ? 1 : 1_101)...upper {
                let id = "gw-1/e1/readings/\(number)" + (upper > 1_200 && number <= 1_200 ? "#2" : "")
                _ = try connection.publish(
                    Array(#"{"seq":\#(number)}"#.utf8)[...], to: "mycogate.gw-1.readings", id: id, expecting: .init())
            }
            #expect(StreamContents.reaches(upper == 1_200 ? 1_200 : 1_400, "ALL", at: server.url))
            let program = try ChildProcess(
                "python3",
                [folder.file("take.py"), "127.0.0.1", "\(server.port)", "ALL", folder.file("mas.db"), "--once"],
                output: folder.file("log"))
            #expect(program.waitForExit(within: .seconds(30)) == 0, "\((try? File.text(folder.file("log"))) ?? "")")
            let database = try Database(path: folder.file("mas.db"))
            let count = try database.read { connection throws(SQLiteError) in
                try connection.firstRow("SELECT count(*) FROM record WHERE body LIKE '{\"seq\":%'") { $0.int64(0) }
            }
            #expect(count == Int64(upper))
        }
    }

    @Test func mistakesOfTheSectionAreNamed() throws {
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                sync:
                  destinations:
                    - {name: a, kind: nats, url: "http://127.0.0.1:4222"}
                    - {name: b, kind: nats, url: "nats://user:secret@127.0.0.1"}
                    - {name: c, kind: nats, url: "nats://127.0.0.1", user: gw, jetstream: {replicas: 9, name: "a b"}}
                """)
        let (status, output) = try gateway.tool(["check", "--config", gateway.configurationPath])
        #expect(status == 78)
        for text in [
            "destinations[0].url", "destinations[1].url", "destinations[2].user", "jetstream.replicas",
            "jetstream.name",
        ] {
            #expect(output.contains(text), "\(text) in \(output)")
        }
    }
}
