import GatewayTestKit
import HTTPClient
import JSONText
import MQTT
import Testing

/// The daemon with MINDEX and a Mycorrhizae broker as destinations: readings there, commands back, once.
@Suite(.serialized) struct ServersTests {
    private let mqtt: BrokerProcess
    private let mindex: StandInMINDEX
    private let mycorrhizae: StandInMycorrhizae
    private let gateway: GatewayProcess
    private let secrets: TemporaryFolder
    private let uuid = "0f8f9f70-1111-4222-8333-444455556666"

    init() throws {
        mqtt = try BrokerProcess()
        mindex = try StandInMINDEX()
        mycorrhizae = try StandInMycorrhizae()
        secrets = try TemporaryFolder("mycogate-secrets")
        try File.write("token\n", to: secrets.file("mindex"))
        try File.write("myco_key\n", to: secrets.file("broker"))
        gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(mqtt.url)"}
                sync:
                  destinations:
                    - {name: mindex, kind: mindex, url: "\(mindex.url)", token_file: \(secrets.file("mindex")),
                       poll_interval: 1s}
                    - {name: broker, kind: mycorrhizae, url: "\(mycorrhizae.url)", api_key_file: \(secrets.file("broker"))}
                    - {name: site, kind: website, url: "http://127.0.0.1:9", fallback_for: mindex}
                """)
    }

    /// A board that speaks MQTT and hears its commands.
    private func board() throws -> BlockingMQTTClient {
        let board = try BlockingMQTTClient(port: Int(mqtt.port), id: "board-1")
        try board.subscribe(["mycosoft/devices/board-1/cmd"])
        return board
    }

    private func publish(_ board: BlockingMQTTClient, _ numbers: Range<Int>) throws {
        for number in numbers {
            let text = #"{"seq":\#(number),"msgId":"m-\#(number)","pack":[{"id":"x","v":\#(number)},{"id":"y","v":1}]}"#
            try board.publish("mycobrain/board-1/telemetry", text)
        }
    }

    private func heard(_ board: BlockingMQTTClient, _ count: Int) throws -> [JSON] {
        #expect(try board.work(until: { $0.messages.count >= count }))
        return try board.messages.map { try JSON(parsing: $0.payload) }
    }

    private func state(of command: JSON) throws -> String? {
        let id = try #require(command["request_id"]?.string)
        // try? is right here: an answer that is none tells no state.
        return (try? JSON(parsing: gateway.get("/api/v1/commands/\(id)")?.body ?? []))?["state"]?.string
    }

    @Test func readingsReachBothAndCommandsOfBothComeBackOnceAcrossAKill() throws {
        mindex.setAcknowledging(fails: false)
        mindex.register("board-1", uuid: uuid)
        #expect(try gateway.start(), "\(gateway.log)")
        let board = try board()
        try publish(board, 0..<20)
        #expect(mindex.wait { $0.samples.count == 40 })
        #expect(mycorrhizae.wait { $0.messages.count == 20 && $0.acknowledgements.count == 20 })
        #expect(Eventually.holds { gateway.status()?["destinations"]?["mindex"]?["state"]?.string == "connected" })
        #expect(Eventually.holds { gateway.status()?["destinations"]?["broker"]?["lag"]?.int == 0 })

        mindex.queue("c-1", serial: "board-1", payload: #"{"cmd":"mosfet","target":"M1","value":true,"params":{}}"#)
        let first = try heard(board, 1)
        #expect(first[0]["cmd"]?.string == "output_control" && first[0]["params"]?["id"]?.string == "mosfet1")
        #expect(Eventually.holds { mycorrhizae.listenerCount == 1 })
        mycorrhizae.command(#"{"cmd":"read_sensors"}"#, device: "board-1", id: "m-1")
        let second = try heard(board, 2)[1]
        #expect(second["cmd"]?.string == "read_sensors")

        // One that is killed before the broker's receipt is on disk would be sent again, under the same id.
        for command in [first[0], second] {
            #expect(Eventually.holds { (try? state(of: command)) == "sent" })
        }
        // The queue still offers it, the broker sends it again: neither is done twice.
        gateway.kill()
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(Eventually.holds { mycorrhizae.withLedger { $0.subscriptions.count } == 2 })
        mycorrhizae.command(#"{"cmd":"read_sensors"}"#, device: "board-1", id: "m-1")
        let polls = mindex.withLedger { $0.polls }
        #expect(mindex.wait { $0.polls >= polls + 2 })
        let request = try #require(first[0]["request_id"]?.string)
        try board.publish(
            "mycosoft/devices/board-1/ack",
            #"{"device_id":"board-1","request_id":"\#(request)","ok":true,"result":"on"}"#)
        #expect(mindex.wait { $0.acknowledgements.count == 1 })
        #expect(mindex.withLedger { $0.acknowledgements.map(\.isSuccess) } == [true])
        #expect(board.messages.count == 2)
        let audit = String(decoding: gateway.get("/api/v1/sync/audit")?.body ?? [], as: UTF8.self)
        #expect(audit.contains("mindex:mindex") && audit.contains("mycorrhizae:broker"))
        gateway.stop()
    }

    @Test func whatIsWrongInTheirConfigurationIsSaidBeforeAnythingStarts() throws {
        let wrong = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                sync:
                  destinations:
                    - {name: a, kind: mindex, url: "http://127.0.0.1:1"}
                    - {name: b, kind: mycorrhizae, url: "http://127.0.0.1:1"}
                    - {name: c, kind: website, url: "http://127.0.0.1:1", fallback_for: nobody, required: true}
                    - {name: d, kind: mas, url: "http://127.0.0.1:1", fallback_for: a}
                    - {name: b-acks, kind: mas, url: "http://127.0.0.1:1"}
                """)
        let (status, output) = try wrong.tool(["check", "--config", wrong.configurationPath])
        #expect(status == 78)
        for expected in ["hmac_secret", "api_key", "never waited for", "nobody", "unknown key", "b-acks"] {
            #expect(output.contains(expected), "\(expected) in \(output)")
        }
    }
}
