import GatewayTestKit
import HTTPClient
import JSONText
import Testing

/// Commands to devices over MQTT, with a real broker.
@Suite struct DownlinkTests {
    private func state(_ gateway: GatewayProcess, _ id: String) -> String? {
        gateway.get("/api/v1/commands/\(id)").flatMap { try? JSON(parsing: $0.body) }?["state"]?.string
    }

    @Test func aCommandWithoutABrokerWaitsForOneThroughAKill() throws {
        let broker = try BrokerProcess()
        let proxy = try LinkProxy(to: broker.port)
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"mqtt://127.0.0.1:\(proxy.port)\"}")
        #expect(try gateway.start(), "\(gateway.log)")
        let valve = try BlockingMQTTClient(port: broker.port, id: "valve")
        try valve.subscribe(["mycosoft/devices/valve-1/cmd"])
        try valve.publish("mycobrain/valve-1/telemetry", #"{"temperature":21.5}"#)
        #expect(Eventually.holds { gateway.recordCount == 1 })
        proxy.impose(.cut(abruptly: true))
        #expect(Eventually.holds { gateway.get("/ready")?.status == 503 })
        let sent = try gateway.tool(
            ["command", "valve-1", "read_sensors", "--wait", "0s", "--json"])
        let id = try JSON(parsing: String(sent.output.split(separator: "\n")[0]))["id"]?.string ?? ""
        #expect(state(gateway, id) == "queued", "\(sent.output)")
        gateway.kill()
        proxy.heal()
        #expect(try gateway.start(), "\(gateway.log)")
        #expect(try valve.work { $0.messages.count == 1 })
        #expect(valve.messages.first?.text.contains(id) == true)
        #expect(Eventually.holds { state(gateway, id) == "sent" })
        gateway.stop()
        #expect(valve.messages.count == 1)
        valve.close()
    }
}
