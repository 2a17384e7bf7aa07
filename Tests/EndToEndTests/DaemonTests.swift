import GatewayTestKit
import HTTPClient
import JSONText
import SQLite
import Testing

/// The installed program as a technician and the MAS meet it.
@Suite(.serialized) struct DaemonTests {
    private func gateway(_ sections: String) throws -> GatewayProcess {
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: sections)
        #expect(try gateway.start(), "\(gateway.log)")
        return gateway
    }

    private func rejectedCount(_ gateway: GatewayProcess) -> Int {
        (gateway.status()?["intake"]?["rejected"]?.members ?? []).compactMap(\.value.int).reduce(0, +)
    }

    @Test func aReadingTravelsFromADeviceToTheMASAndToAPuller() throws {
        let broker = try BrokerProcess()
        let mas = try StandInMAS()
        let gateway = try gateway(
            """
            mqtt: {broker: "\(broker.url)"}
            sync: {destinations: [{name: mas, kind: mas, url: "\(mas.url)"}]}
            """)
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<1) { _ in
            (
                "mycobrain/board-1/telemetry",
                Array(#"{"seq":7,"pack":[{"id":"bme688_a.temperature","v":21.5,"u":"C"}]}"#.utf8)
            )
        }
        #expect(mas.wait { $0.deliveries.count == 1 })
        let record = try #require(try gateway.records(of: "readings").first)
        #expect(record["device"]?.string == "board-1")
        #expect(record["device_seq"]?.int == 7)
        #expect(record["readings"]?[0]?["v"]?.double == 21.5)
        let delivered = try #require(mas.withLedger { $0.deliveries.first })
        #expect(delivered.key == record["msg_id"]?.string)
        #expect(delivered.value.seq == 7)
        #expect(Eventually.holds { mas.registeredDevices.contains("board-1") })
        #expect(gateway.stop() == 0)
    }

    @Test func aDeviceIsKnownByItsRecordsWhenTheRegistryWasBehindAtAKill() throws {
        let broker = try BrokerProcess()
        let gateway = try gateway("mqtt: {broker: \"\(broker.url)\"}")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<1) { _ in
            ("mycobrain/board-late/telemetry", Array(#"{"seq":1,"pack":[{"id":"x","v":1}]}"#.utf8))
        }
        #expect(Eventually.holds { gateway.recordCount == 1 })
        gateway.kill()
        let state = try Database(path: gateway.dataDirectory + "/state.db")
        try state.write { connection throws(SQLiteError) in try connection.execute("DELETE FROM fleet_device") }
        #expect(try gateway.start())
        let devices = try JSON(parsing: #require(gateway.get("/api/v1/devices")).body)
        #expect(devices["devices"]?[0]?["id"]?.string == "board-late", "\(devices.text)")
        gateway.stop()
    }

    @Test func onlyConsumersThatTheConfigurationDoesNotNameAreForgotten() throws {
        let broker = try BrokerProcess()
        let mas = try StandInMAS()
        let gateway = try gateway(
            """
            mqtt: {broker: "\(broker.url)"}
            sync:
              destinations: [{name: mas, kind: mas, url: "\(mas.url)", required: false}]
              consumers: [{name: central, required: false}]
            """)
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<1) { _ in
            ("mycobrain/board-1/telemetry", Array(#"{"seq":1,"pack":[{"id":"x","v":1}]}"#.utf8))
        }
        #expect(mas.wait { $0.deliveries.count == 1 })
        #expect(Eventually.holds { gateway.status()?["destinations"]?["mas"]?["lag"]?.int == 0 })
        #expect(gateway.stop() == 0)
        // As if all had been silent for years of running.
        let state = try Database(path: gateway.dataDirectory + "/state.db")
        try state.write { connection throws(SQLiteError) in
            for name in ["central", "visitor"] {
                try connection.run(
                    """
                    INSERT INTO journal_cursor (consumer, stream, epoch, seq, required, updated_trusted)
                    SELECT ?, stream, epoch, seq, 0, 1 FROM journal_cursor WHERE consumer = 'mas' AND stream = 'readings'
                    """, .text(name))
            }
            try connection.execute("UPDATE journal_cursor SET idle_ms = 1000000000000")
        }
        #expect(try gateway.start())
        #expect(gateway.stop() == 0)
        let left = try state.read { connection throws(SQLiteError) in
            try connection.rows("SELECT consumer FROM journal_cursor WHERE stream = 'readings' ORDER BY 1") {
                $0.text(0)
            }
        }
        #expect(left == ["central", "mas"])
    }

    @Test func whoIsNotRequiredBeginsWhereItIsToldToAsWell() throws {
        let broker = try BrokerProcess()
        let gateway = try gateway("mqtt: {broker: \"\(broker.url)\"}")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        func publish(_ numbers: Range<Int>) {
            publisher.publish(numbers) {
                ("mycobrain/board-3/telemetry", Array(#"{"seq":\#($0),"pack":[{"id":"x","v":\#($0)}]}"#.utf8))
            }
        }
        publish(1..<21)
        #expect(Eventually.holds { gateway.recordCount == 20 })
        #expect(gateway.stop() == 0)
        let collector = try StandInCollector()
        var configuration = try File.text(gateway.configurationPath)
        configuration += """

            sync:
              destinations: [{name: lake, kind: http, url: "\(collector.url)", required: false, from: now}]
              consumers: [{name: central, required: false, from: now}]

            """
        try File.write(configuration, to: gateway.configurationPath)
        #expect(try gateway.start(), "\(gateway.log)")
        publish(21..<23)
        #expect(Eventually.holds { collector.withLedger { $0.storedCount } >= 2 })
        let sync = try JSON(parsing: #require(gateway.get("/api/v1/sync")).body)
        #expect(sync["streams"]?[0]?["consumers"]?["central"]?["acked"]?.int == 20, "\(sync.text)")
        gateway.stop()
        #expect(collector.withLedger { $0.storedCount } == 2)
    }

    @Test func aStoppedGatewayGoesOnWhereItWas() throws {
        let broker = try BrokerProcess()
        let gateway = try gateway("mqtt: {broker: \"\(broker.url)\"}")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<100) {
            ("mycobrain/board-2/telemetry", Array(#"{"seq":\#($0),"pack":[{"id":"x","v":\#($0)}]}"#.utf8))
        }
        #expect(Eventually.holds { gateway.recordCount == 100 })
        #expect(gateway.stop() == 0)
        publisher.publish(100..<200) {
            ("mycobrain/board-2/telemetry", Array(#"{"seq":\#($0),"pack":[{"id":"x","v":\#($0)}]}"#.utf8))
        }
        #expect(try gateway.start())
        #expect(Eventually.holds { gateway.recordCount == 200 })
        let seqs = try gateway.records(of: "readings").compactMap { $0["device_seq"]?.int }
        #expect(seqs.sorted() == Array(0..<200))
        gateway.stop()
    }

    @Test func hostileMessagesAreCountedAndTheNextIsStored() throws {
        let broker = try BrokerProcess()
        let gateway = try gateway("mqtt: {broker: \"\(broker.url)\"}")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        let hostile: [(String, [UInt8])] = [
            ("mycobrain/board-3/telemetry", Array("{".utf8)),
            ("mycobrain/board-3/telemetry", Array(#"{"pack":[{"id":"x","v":1e999}]}"#.utf8)),
            ("mycobrain/board-3/telemetry", Array(#"{"pack":[{"id":"x","v":NaN}]}"#.utf8)),
            ("mycobrain/board-3/telemetry", [0x7B, 0x22, 0xFF, 0xFE, 0x22, 0x3A, 0x31, 0x7D]),
            ("mycobrain/board-3/telemetry", [UInt8](repeating: 0x20, count: 1_000_000)),
            ("mycobrain/\(String(repeating: "x", count: 200))/telemetry", Array(#"{"pack":[{"id":"x","v":1}]}"#.utf8)),
            ("mycobrain/board-3/telemetry", Array(#"{"seq":1e300,"pack":[]}"#.utf8)),
            ("mycobrain/board-3/envelope", Array(#"{"hdr":{},"seq":-1}"#.utf8)),
        ]
        publisher.publish(0..<hostile.count) { hostile[$0] }
        publisher.publish(0..<1) { _ in ("mycobrain/board-3/telemetry", Array(#"{"pack":[{"id":"x","v":1}]}"#.utf8)) }
        #expect(Eventually.holds { gateway.recordCount == 1 })
        // Counts and events follow the readings of the same commit.
        #expect(Eventually.holds { rejectedCount(gateway) == hostile.count })
        #expect(try gateway.records(of: "events").contains { $0["kind"]?.string == "message_rejected" })
        gateway.stop()
    }

    @Test func aBrokenConfigurationNamesThePlaceAndStartsNothing() throws {
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: "journal: {segment_size: 1KiB}\nmqttt: {}\nsync: {destinations: [{name: a b}]}")
        let result = try gateway.tool(["check", "--config", gateway.configurationPath])
        #expect(result.status == 78)
        let file = gateway.configurationPath
        #expect(result.output.contains("\(file):4:25: journal.segment_size: "), "\(result.output)")
        #expect(result.output.contains("\(file):5:1: mqttt: unknown key, did you mean `mqtt`?"), "\(result.output)")
        #expect(result.output.contains("256KiB"), "\(result.output)")
        try gateway.launch()
        #expect(Eventually.holds { !gateway.isRunning })
        #expect(!File.exists(gateway.dataDirectory + "/state.db"))
    }

    @Test func theCommandLineSpeaksWithTheDaemonAndSaysWhenItIsNotThere() throws {
        let gateway = try gateway("")
        #expect(try gateway.tool(["status", "--json"]).status == 0)
        #expect(try gateway.tool(["sync"]).output.contains("epoch"))
        #expect(try gateway.tool(["device", "nobody"]).status == 1)
        #expect(try gateway.tool(["nonsense"]).status == 64)
        #expect(try gateway.tool(["readings"]).status == 64)
        gateway.stop()
        #expect(try gateway.tool(["status"]).status == 69)
    }
}
