import GatewayTestKit
import JSONText
import MQTT
import Testing

/// What the gateway says of itself and its devices to others at the broker.
@Suite(.serialized) struct AnnouncementTests {
    private let broker: BrokerProcess

    init() throws { broker = try BrokerProcess() }

    private func gateway(_ keys: String) throws -> GatewayProcess {
        try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\", \(keys)}")
    }

    @Test func devicesAreAnnouncedToHomeAssistantWithTheirValuesAfterTheCommit() throws {
        let gateway = try gateway("announce: homeassistant")
        #expect(try gateway.start(), "\(gateway.log)")
        let home = try BlockingMQTTClient(port: broker.port, id: "home")
        try home.subscribe(["homeassistant/device/+/config", "mycogate/#"])
        let telemetry = #"{"sensors":{"temperature":21.5,"door":true}}"#
        try home.publish("mycosoft/devices/env-1/telemetry", telemetry)
        try home.publish("zigbee2mqtt/z1", #"{"temperature":1}"#)
        func newest(_ part: String) -> JSON? {
            home.messages.last { $0.topic.contains(part) }.flatMap { try? JSON(parsing: $0.payload) }
        }
        #expect(try home.work(within: .seconds(20)) { _ in newest("env-1/state") != nil }, "\(gateway.log)")
        let configuration = try #require(newest("homeassistant/device/mycogate_env-1/config"))
        let temperature = configuration["cmps"]?["temperature"]
        #expect(temperature?["unit_of_meas"] == "°C" && temperature?["dev_cla"] == "temperature")
        #expect(temperature?["uniq_id"] == "mycogate_env-1_temperature")
        #expect(configuration["cmps"]?["door"]?["p"] == "binary_sensor")
        let topic = try #require(home.messages.last { $0.topic.hasSuffix("env-1/state") }?.topic)
        #expect(configuration["stat_t"]?.string == topic)
        #expect(newest("env-1/state")?["temperature"]?.double == 21.5)
        #expect(newest("env-1/state")?["door"] == "ON")
        // Home Assistant has started: everything again.
        _ = home.takeMessages()
        try home.publish("homeassistant/status", "online")
        #expect(try home.work(within: .seconds(20)) { _ in newest("env-1/state") != nil })
        #expect(newest("homeassistant/device/mycogate_env-1/config") != nil)
        // A device that Home Assistant knows by itself, and our own announcements, are left alone.
        #expect(newest("z1") == nil)
        #expect(try gateway.records(of: "readings").allSatisfy { $0["device"] == "env-1" || $0["device"] == "z1" })
        // It was retained, so that who comes later knows it too.
        let late = try BlockingMQTTClient(port: broker.port, id: "late")
        try late.subscribe(["homeassistant/#"])
        #expect(try late.work(within: .seconds(20)) { $0.messages.contains { $0.retained } })
        gateway.stop()
    }

    @Test func nothingIsAnnouncedUnlessItIsConfigured() throws {
        let gateway = try gateway("families: [tasmota]")
        #expect(try gateway.start(), "\(gateway.log)")
        let home = try BlockingMQTTClient(port: broker.port, id: "home")
        try home.subscribe(["homeassistant/#", "mycogate/#", "spBv1.0/#"])
        try home.publish("mycosoft/devices/env-1/telemetry", #"{"temperature":21.5}"#)
        #expect(Eventually.holds { gateway.recordCount == 1 })
        #expect(gateway.stop() == 0)
        try home.publish("homeassistant/status", "online")
        #expect(try home.work(within: .seconds(20)) { !$0.messages.isEmpty })
        #expect(home.messages.map(\.topic) == ["homeassistant/status"])
    }

    @Test func aSparkplugHostSaysSoAndItsWillSaysTheOpposite() throws {
        let gateway = try gateway("sparkplug_host: site-host")
        let node = try BlockingMQTTClient(port: broker.port, id: "node")
        try node.subscribe(["spBv1.0/STATE/#"])
        func hears(_ isOnline: Bool) throws -> JSON? {
            var state: JSON?
            _ = try node.work(within: .seconds(20)) { node in
                state = node.messages.last { $0.topic == "spBv1.0/STATE/site-host" }
                    .flatMap { try? JSON(parsing: $0.payload) }
                return state?["online"]?.bool == isOnline
            }
            return state
        }
        #expect(try gateway.start(), "\(gateway.log)")
        let birth = try hears(true)
        #expect(birth?["online"] == true && birth?["timestamp"]?.int64 ?? 0 > 0, "\(gateway.log)")
        // Somebody else's word is contradicted.
        _ = node.takeMessages()
        try node.publish(
            MQTTPublication(topic: "spBv1.0/STATE/site-host", text: #"{"online":false,"timestamp":1}"#, retain: true))
        #expect(try hears(true)?["timestamp"] == birth?["timestamp"])
        gateway.kill()
        #expect(
            try hears(false) == ["online": false, "timestamp": birth?["timestamp"] ?? .null], "of the same session")
        #expect(try gateway.start())
        #expect(try hears(true) != nil)
        _ = node.takeMessages()
        #expect(gateway.stop() == 0)
        #expect(try hears(false)?["online"] == false)
        let late = try BlockingMQTTClient(port: broker.port, id: "late")
        try late.subscribe(["spBv1.0/STATE/site-host"])
        #expect(try late.work(within: .seconds(20)) { $0.messages.contains { $0.retained } })
    }
}
