import Crypto
import FieldProtocols
import GatewayTestKit
import HTTPClient
import JSONText
import MQTT
import Testing

/// Conventions of others through a real broker, from the device's side.
@Suite(.serialized) struct ConventionTests {
    private let broker: BrokerProcess
    private let gateway: GatewayProcess
    private let device: BlockingMQTTClient

    init() throws {
        broker = try BrokerProcess()
        gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)", topics: [{filter: site/#, units: [t=Cel]}]}
                """)
        device = try BlockingMQTTClient(port: broker.port, id: "device")
    }

    private func publish(_ topic: String, _ text: String, retain: Bool = false) throws {
        try device.publish(MQTTPublication(topic: topic, text: text, retain: retain))
    }

    private func publish(_ topic: String, _ payload: [UInt8]) throws {
        try device.publish(MQTTPublication(topic: topic, payload: payload))
    }

    /// The newest value of a metric, as a text, with its quality.
    private func value(_ device: String, _ metric: String) throws -> String? {
        let records = try gateway.records(of: "readings").filter { $0["device"]?.string == device }
        let readings = records.flatMap { $0["readings"]?.array ?? [] }
        guard let reading = readings.last(where: { $0["id"]?.string == metric }) else { return nil }
        return "\(reading["v"]?.text ?? "-") \(reading["u"]?.string ?? "-") \(reading["q"]?.string ?? "-")"
    }

    private func isOnline(_ id: String) throws -> Bool? {
        guard let answer = gateway.get("/api/v1/devices") else { return nil }
        let devices = try JSON(parsing: answer.body)["devices"]?.array ?? []
        return devices.first { $0["id"]?.string == id }?["online"]?.bool
    }

    private func holds(_ condition: () throws -> Bool) rethrows -> Bool {
        // What cannot be read yet is not there yet.
        Eventually.holds(within: .seconds(20)) { (try? condition()) ?? false }
    }

    @Test func eachConventionTravelsAndWhatTheBrokerKeptIsOld() throws {
        let homie =
            #"{"homie":"5.0","nodes":{"air":{"properties":{"t":{"datatype":"float","unit":"°C"}}}}}"#
        try publish("homie/5/h1/$description", homie, retain: true)
        try publish("homie/5/h1/air/t", "20.5", retain: true)
        try publish("tele/t1/LWT", "Online", retain: true)
        try publish(
            "homeassistant/sensor/e1/temperature/config",
            #"{"stat_t":"e1/state","val_tpl":"{{ value_json.t }}","unit_of_meas":"°C","dev":{"ids":["e1"]}}"#,
            retain: true)
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(try holds { try value("h1", "air.t") == "20.5 Cel old" }, "\(gateway.log)")
        #expect(try isOnline("h1") == false, "a retained value is no sign of life")
        #expect(try holds { try isOnline("t1") == false }, "nor is a retained will")
        try publish("homie/5/h1/air/t", "21.0")
        try publish("tele/t1/SENSOR", #"{"Time":"2026-05-04T10:15:30","SHT3X":{"Temperature":21.5},"TempUnit":"C"}"#)
        try publish("zigbee2mqtt/z1", #"{"temperature":22.5}"#)
        try publish("s1/events/rpc", #"{"method":"NotifyStatus","params":{"switch:0":{"apower":9.5}}}"#)
        try publish("n1/sensor/co2/state", "415")
        try publish("site/p1", #"{"t":19.5}"#)
        try publish("site/p2", "env,device=i1 t=18.5")
        try publish("site/p3", #"[{"bn":"urn:m1:","n":"t","u":"Cel","v":17.5}]"#)
        let wanted = [
            ("h1", "air.t", "21 Cel ok"), ("t1", "sht3x.temperature", "21.5 Cel ok"),
            ("z1", "temperature", "22.5 Cel ok"),
            ("s1", "switch_0.apower", "9.5 W ok"), ("n1", "co2", "415  ok"), ("p1", "t", "19.5 Cel ok"),
            ("i1", "env.t", "18.5  ok"), ("urn:m1", "t", "17.5 Cel ok"),
        ]
        let isComplete = try holds { try wanted.allSatisfy { try value($0.0, $0.1) == $0.2 } }
        let found = try wanted.map { try "\($0.0) \($0.1): \(value($0.0, $0.1) ?? "nothing")" }
        #expect(isComplete, "\(found)")
        #expect(try isOnline("t1") == true)
        // The topic that the retained message has named was subscribed; until then nobody would have heard this.
        #expect(
            try holds {
                try publish("e1/state", #"{"t":23.5}"#)
                return try value("e1", "temperature") == "23.5 Cel ok"
            })
        try publish("tele/t1/LWT", "Offline", retain: true)
        #expect(try holds { try isOnline("t1") == false })
        #expect(gateway.stop() == 0)
        #expect(try gateway.start())
        let count = try gateway.records(of: "readings").count { $0["device"] == "h1" }
        try publish("site/p1", #"{"t":1.5}"#)
        #expect(try holds { try value("p1", "t") == "1.5 Cel ok" })
        // The retained 21.0 came again, and the 20.5 is known; nothing is stored twice at a further start.
        #expect(gateway.stop() == 0)
        #expect(try gateway.start())
        try publish("site/p1", #"{"t":2.5}"#)
        #expect(try holds { try value("p1", "t") == "2.5 Cel ok" })
        #expect(try gateway.records(of: "readings").count { $0["device"] == "h1" } <= count + 1)
        gateway.stop()
    }

    /// A board of ours, with the will that its firmware leaves with the broker.
    @Test func aBoardThatIsKilledIsOfflineByItsWill() throws {
        let topic = "mycosoft/devices/hyphae-7/presence"
        var settings = MQTTConfiguration(host: "127.0.0.1", port: UInt16(broker.port), clientID: "hyphae-7")
        settings.will = MQTTPublication(topic: topic, text: #"{"device_id":"hyphae-7","online":false}"#, retain: true)
        func plugIn() throws -> BlockingMQTTClient {
            let board = try BlockingMQTTClient(settings)
            try board.publish(
                MQTTPublication(topic: topic, text: #"{"device_id":"hyphae-7","online":true}"#, retain: true))
            try board.publish("mycosoft/devices/hyphae-7/telemetry", #"{"temperature":21.5}"#)
            return board
        }
        func told() throws -> [String] {
            try gateway.records(of: "events").filter { $0["device"]?.string == "hyphae-7" }
                .compactMap { $0["kind"]?.string }.filter { $0.hasPrefix("device_o") }
        }
        #expect(try gateway.start(), "\(gateway.log)")
        var board = try plugIn()
        #expect(try holds { try isOnline("hyphae-7") == true }, "\(gateway.log)")
        board.drop()
        #expect(try holds { try isOnline("hyphae-7") == false && told() == ["device_offline"] }, "\(gateway.log)")
        board = try plugIn()
        #expect(try holds { try isOnline("hyphae-7") == true && told().last == "device_online" })
        // What has ended in order has told so itself, or not at all.
        board.close()
        try publish("mycosoft/devices/hyphae-8/telemetry", #"{"temperature":1}"#)
        #expect(try holds { try value("hyphae-8", "temperature") != nil })
        #expect(try isOnline("hyphae-7") == true)
        #expect(try told() == ["device_offline", "device_online"])
        gateway.stop()
    }

    @Test func aSparkplugNodeIsAskedForItsBirthAfterEveryLoss() throws {
        let vectors = try JSON(parsing: try Vectors.bytes("instruments/sparkplug-b.json")).array ?? []
        let payloads = vectors.compactMap { $0["hex"]?.string.flatMap { Hex.decode($0) } }
        try #require(payloads.count == 5)
        let (birth, deviceBirth, data) = (payloads[0], payloads[1], payloads[2])
        let node = "spBv1.0/Farm1/NBIRTH/edge01"
        let topics = ("spBv1.0/Farm1/DBIRTH/edge01/env-01", "spBv1.0/Farm1/DDATA/edge01/env-01")
        try device.subscribe(["spBv1.0/Farm1/NCMD/edge01"])
        func asked() throws -> Bool {
            defer { _ = device.takeMessages() }
            return try device.work(within: .seconds(20)) { !$0.messages.isEmpty }
        }
        #expect(try gateway.start(), "\(gateway.log)")
        try publish(topics.1, data)
        #expect(try asked(), "data without a birth")
        try publish(node, birth)
        try publish(topics.0, deviceBirth)
        try publish(topics.1, data)
        let id = "Farm1:edge01:env-01"
        #expect(try holds { try value(id, "Environment.Temperature") == "21.75  ok" })
        #expect(try holds { try isOnline(id) == true })
        // A repetition is known by the count and the time of the node.
        let count = gateway.recordCount
        try publish(topics.1, data)
        #expect(holds { gateway.status()?["intake"]?["duplicates"]?.int ?? 0 >= 1 })
        #expect(gateway.recordCount == count)
        // While the gateway is away the broker keeps what comes; the aliases went with the process.
        #expect(gateway.stop() == 0)
        try publish(topics.1, payloads[4])
        #expect(try gateway.start())
        #expect(try asked(), "the aliases are unknown after a restart")
        let kept = try gateway.records(of: "events").filter { $0["kind"]?.string == "sparkplug_undecoded" }
        #expect(kept.last?.text.contains(vectors[4]["hex"]?.string ?? "-") == true, "nothing is lost")
        try publish(node, birth)
        try publish(topics.0, deviceBirth)
        try publish("spBv1.0/Farm1/NDEATH/edge01", payloads[3])
        #expect(try holds { try isOnline(id) == false })
        gateway.stop()
    }

    @Test func aBrokerThatForgotTheSessionMakesTheGatewayAskForBirths() throws {
        let birth = try JSON(parsing: try Vectors.bytes("instruments/sparkplug-b.json"))[0]?["hex"]?.string
        let payload = try #require(birth.flatMap { Hex.decode($0) })
        let first = try BrokerProcess()
        let port = first.port
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(first.url)\"}")
        #expect(try gateway.start(), "\(gateway.log)")
        let node = try BlockingMQTTClient(port: port, id: "edge01")
        try node.publish(MQTTPublication(topic: "spBv1.0/Farm1/NBIRTH/edge01", payload: payload))
        #expect(
            Eventually.holds {
                String(decoding: gateway.get("/api/v1/devices")?.body ?? [], as: UTF8.self).contains("Farm1:edge01")
            })
        first.stop()
        let second = try BrokerProcess(port: port)
        let again = try BlockingMQTTClient(port: second.port, id: "edge01")
        try again.subscribe(["spBv1.0/Farm1/NCMD/edge01"])
        let isAsked = try again.work(within: .seconds(30)) { !$0.messages.isEmpty }
        #expect(isAsked, "\(gateway.log)")
        gateway.stop()
    }

    /// In processes of their own: damaged messages invent names, and the table of names is shared by all tests of one.
    @Test(arguments: [
        "sparkplug", "tasmota", "homie", "homeassistant", "zigbee2mqtt", "shelly", "esphome", "senml", "senml-cbor",
        "influx", "json",
    ])
    func damagedMessagesAreSurvived(convention: String) throws {
        let folder = try TemporaryFolder("mycogate-fuzz")
        let output = folder.file("output")
        let fuzzer = try ChildProcess(
            GatewayProcess.built("mycogate-bench"), ["fuzz", convention, "20000", "5"], output: output)
        #expect(fuzzer.waitForExit() == 0)
        #expect(try File.text(output).contains("ok   fuzz \(convention): 20000 inputs"))
    }
}
