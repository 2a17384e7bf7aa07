import Crypto
import FieldProtocols
import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// LoRa through the daemon: a forwarder that is not ours over UDP, and ChirpStack's events over a broker.
@Suite(.serialized) struct LoRaTests {
    private static let eui = "0016c001ff10a235"

    private func configuration(_ node: SimulatedLoRaNode, keys: TemporaryFolder, port: Int) throws -> String {
        try File.write(Hex.encode(node.networkKey) + "\n", to: keys.file("nwk"))
        try File.write(Hex.encode(node.applicationKey) + "\n", to: keys.file("app"))
        return """
            lora:
              semtech:
                listen: "127.0.0.1:\(port)"
                gateways: ["\(Self.eui)"]
              devices:
                - {dev_eui: "\(node.eui)", dev_addr: "\(DataFrame.text(of: node.address))", nwk_s_key_file: \(keys.file("nwk")), app_s_key_file: \(keys.file("app"))}
            devices:
              - {alias: soil-7, match: {dev_eui: "\(node.eui)"}}
            """
    }

    /// Sends the first frame until it is heard: nobody says when the port is open.
    private func hears(_ frame: [UInt8], of forwarder: SimulatedForwarder, _ gateway: GatewayProcess) -> Bool {
        Eventually.holds(within: .seconds(20)) {
            forwarder.push(frame)
            return gateway.recordCount == 1
        }
    }

    @Test func aForwarderOfSomebodyElseDrivesTheGateway() throws {
        let keys = try TemporaryFolder()
        var node = SimulatedLoRaNode(seed: 11)
        let port = try LoopbackPort.free()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: configuration(node, keys: keys, port: port))
        #expect(try gateway.start(), "\(gateway.log)")
        let forwarder = try SimulatedForwarder(eui: #require(LoRaEUI(text: Self.eui)), port: port)
        #expect(hears(node.frame([3, 103, 1, 15]), of: forwarder, gateway), "\(gateway.log)")
        #expect(Eventually.holds { gateway.get("/api/v1/devices/soil-7")?.status == 200 })
        let queued = try gateway.tool(
            ["command", "soil-7", "send_payload", "hex=0102", "port=3", "--json", "--wait", "0s"])
        #expect(queued.status == 0, "\(queued.output)")
        let frames = [node.frame([3, 103, 1, 16]), node.frame([3, 103, 1, 17])].map { Hex.encode($0) }
        let script = Vectors.packageRoot + "/Tests/EndToEndTests/LoRa/semtech_sender.py"
        let output = keys.file("sender.out")
        let sender = try ChildProcess("python3", [script, "\(port)", Self.eui] + frames, output: output)
        #expect(sender.waitForExit() == 0)
        let said = try File.text(output)
        #expect(said.split(separator: "\n").count { $0 == "PUSH_ACK" } == 2, "\(said)")
        #expect(said.contains("PULL_ACK") && said.contains("PULL_RESP 3513348611 True"), "\(said)")
        #expect(Eventually.holds(within: .seconds(20)) { gateway.recordCount == 4 }, "\(gateway.log)")
        let records = try gateway.records(of: "readings")
        let soil = records.filter { $0["device"]?.string == "soil-7" }
        #expect(soil.map { $0["device_seq"]?.int } == [1, 2, 3] && soil[0]["source"] == "lora")
        #expect(soil[0]["readings"]?[0]?["id"] == "temperature.3" && soil[1]["readings"]?[0]?["v"]?.double == 27.2)
        #expect(records.contains { $0["device"]?.string == "lora-gw-\(Self.eui)" })
        let id = try #require(JSON(parsing: queued.output)["id"]?.string)
        #expect(
            Eventually.holds(within: .seconds(20)) {
                let answer = gateway.get("/api/v1/commands/\(id)").map { String(decoding: $0.body, as: UTF8.self) }
                return answer?.contains("acknowledged") == true
            })
        // The counter is remembered: after a restart an old frame is a replay.
        #expect(gateway.stop() == 0)
        #expect(try gateway.start(), "\(gateway.log)")
        var old = SimulatedLoRaNode(seed: 11)
        forwarder.push(old.frame([3, 103, 1, 15]))
        #expect(
            Eventually.holds(within: .seconds(20)) {
                gateway.status()?["intake"]?["rejected"]?["replayed_counter"]?.int == 1
            })
        #expect(gateway.recordCount == 4)
        gateway.stop()
    }

    @Test(arguments: [false, true])
    func aStationOfSomebodyElseDrivesTheGateway(overTLS: Bool) throws {
        let keys = try TemporaryFolder()
        if overTLS { try TestCertificates.make(in: keys) }
        let certificate =
            overTLS ? ", certificate: \(keys.file("server.pem")), key: \(keys.file("server.key"))" : ""
        var node = SimulatedLoRaNode(seed: 12)
        let port = try LoopbackPort.free()
        let sections = try configuration(node, keys: keys, port: LoopbackPort.free())
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: sections.replacing(
                "lora:\n",
                with: """
                    lora:
                      leap_seconds: 18
                      stations: {listen: "127.0.0.1:\(port)", gateways: ["0016c001ff10a237"]\(certificate)}

                    """
            ).replacing(
                "match: {dev_eui: \"\(node.eui)\"}}",
                with:
                    "match: {dev_eui: \"\(node.eui)\"}, cayenne: [{type: 116, name: supply, form: s16, divisor: 1000, unit: V}]}"
            ))
        #expect(try gateway.start(), "\(gateway.log)")
        // Heard first through a forwarder, so that the gateway knows the device and takes a command for it.
        let forwarder = try SimulatedForwarder(eui: #require(LoRaEUI(text: Self.eui)), port: semtechPort(sections))
        #expect(hears(node.frame([3, 116, 0xF8, 0x30]), of: forwarder, gateway), "\(gateway.log)")
        let queued = try gateway.tool([
            "command", "soil-7", "send_payload", "hex=0102", "port=3", "--json", "--wait", "0s",
        ])
        #expect(queued.status == 0, "\(queued.output)")
        let frames = [node.frame([3, 103, 1, 16], isConfirmed: true)].map { Hex.encode($0) }
        let script = Vectors.packageRoot + "/Tests/EndToEndTests/LoRa/basics_station.py"
        let output = keys.file("station.out")
        let trust = overTLS ? ["--ca", keys.file("ca.pem")] : []
        let station = try ChildProcess(
            "python3", [script] + trust + ["\(port)", "0016c001ff10a237"] + frames, output: output)
        let status = station.waitForExit()
        let said = try File.text(output).split(separator: "\n").map { String($0) }
        #expect(status == 0, "\(said) \(gateway.log)")
        #expect(
            said == [
                "STRANGER True 403", "ROUTER True True", "OVERSIZED 8 1009", "CONFIG EU863 16 9 8",
                "TIME 1023024197 True", "DOWNLINK 0 3 1 5 868500000 0 869525000 60", "PONG True",
            ])
        #expect(Eventually.holds(within: .seconds(20)) { gateway.recordCount == 2 }, "\(gateway.log)")
        let soil = try gateway.records(of: "readings").filter { $0["device"]?.string == "soil-7" }
        try #require(soil.map { $0["device_seq"]?.int } == [1, 2])
        #expect(soil[0]["readings"]?[0]?["id"] == "supply.3" && soil[0]["readings"]?[0]?["v"]?.double == -2)
        #expect(soil[1]["readings"]?[0]?["v"]?.double == 27.2)
        let id = try #require(JSON(parsing: queued.output)["id"]?.string)
        #expect(
            Eventually.holds(within: .seconds(20)) {
                let answer = gateway.get("/api/v1/commands/\(id)").map { String(decoding: $0.body, as: UTF8.self) }
                return answer?.contains("acknowledged") == true
            })
        let rejected = try #require(gateway.status()?["intake"]?["rejected"])
        #expect(rejected["malformed_json"] == 2 && rejected["unknown_gateway"] == 2 && rejected["join_request"] == 1)
        let kinds = try Set(gateway.records(of: "events").compactMap { $0["kind"]?.string })
        #expect(kinds.isSuperset(of: ["lora_join_request", "lora_proprietary", "lora_refused"]), "\(kinds)")
        #expect(
            Eventually.holds(within: .seconds(20)) {
                let answer = gateway.get("/api/v1/devices/lora-gw-0016c001ff10a237").map {
                    String(decoding: $0.body, as: UTF8.self)
                }
                return answer?.contains("offline") == true && answer?.contains("2.0.6(linux/std)") == true
            })
        gateway.stop()
    }

    @Test func whatIsWrongWithLoRaIsToldBeforeAnythingStarts() throws {
        let folder = try TemporaryFolder()
        let file = folder.file("gateway.yaml")
        try File.write(
            """
            gateway: {id: gw-1}
            devices:
              - {alias: a, cayenne: [{type: 116, name: supply, form: i16}]}
            lora:
              region: mars
              leap_seconds: 61
              stations: {gateways: ["1"], sub_band: 9}
            """, to: file)
        let result = try check(file, in: folder)
        #expect(result.status == 78)
        for line in [
            ":3:58: devices[0].cayenne[0].form: accepted u8 s8 u16", ":5:11: lora.region: `mars`, accepted eu868",
            ":6:17: lora.leap_seconds: `61`, accepted 0…60", "lora.stations.sub_band: `9`, accepted 1…8",
            "lora.stations.gateways[0]: `1`, accepted an EUI",
        ] { #expect(result.output.contains(line), "\(line) in \(result.output)") }
        try File.write(
            """
            gateway: {id: gw-1}
            lora:
              stations: {gateways: ["0016c001ff10a237"], sub_band: 2, channels: [863100000, 865000000, 868100000]}
            """, to: file)
        let second = try check(file, in: folder)
        #expect(second.output.contains("lora.stations.sub_band: eu868 has none"))
        #expect(second.output.contains("lora.stations.channels: accepted 1…8 different frequencies from 863000000"))
    }

    private func check(_ file: String, in folder: borrowing TemporaryFolder) throws -> (status: Int32, output: String) {
        let output = folder.file("check.out")
        let child = try ChildProcess(GatewayProcess.built(), ["check", "--config", file], output: output)
        return (child.waitForExit(), try File.text(output))
    }

    private func semtechPort(_ sections: String) throws -> Int {
        let start = try #require(sections.firstRange(of: "127.0.0.1:")).upperBound
        return try #require(Int(sections[start...].prefix { $0.isNumber }))
    }

    @Test func chirpStacksEventsAreStoredAndItsDevicesCommanded() throws {
        let broker = try BrokerProcess()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
        #expect(try gateway.start(), "\(gateway.log)")
        let vector = try JSON(parsing: Vectors.text("lora/chirpstack-up.json"))
        let topic = try #require(vector["topic"]?.string)
        let publisher = try LoadPublisher(port: broker.port, clientID: "chirpstack")
        // Redelivery: the same event twice is one record.
        publisher.publish(0..<2) { _ in (topic, vector["payload"]?.bytes ?? []) }
        #expect(Eventually.holds { gateway.recordCount == 1 })
        let device = "lora-0004a30b001c0530"
        #expect(Eventually.holds { gateway.get("/api/v1/devices/\(device)")?.status == 200 })
        let queued = try gateway.tool([
            "command", device, "send_payload", "hex=0100", "port=10", "--json", "--wait", "0s",
        ])
        let id = try #require(JSON(parsing: queued.output)["id"]?.string)
        func state() -> String? {
            // Nil stands for "not answered".
            gateway.get("/api/v1/commands/\(id)").flatMap { try? JSON(parsing: $0.body)["state"]?.string }
        }
        #expect(Eventually.holds { state() == "sent" })
        let events = topic.replacing("/event/up", with: "/event/")
        let info = #""deviceInfo":{"devEui":"0004a30b001c0530"},"queueItemId":"\#(id)""#
        // Sent by a gateway is not yet acknowledged by the device.
        publisher.publish(2..<3) { _ in (events + "txack", Array("{\(info),\"gatewayId\":\"aa\"}".utf8)) }
        publisher.publish(3..<4) { _ in (events + "status", Array("{\(info),\"margin\":10}".utf8)) }
        #expect(Eventually.holds { gateway.recordCount == 2 })
        #expect(state() == "sent")
        publisher.publish(4..<5) { _ in (events + "ack", Array("{\(info),\"acknowledged\":true}".utf8)) }
        #expect(Eventually.holds { state() == "acknowledged" })
        gateway.stop()
    }
}
