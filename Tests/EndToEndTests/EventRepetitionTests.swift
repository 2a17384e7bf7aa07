import GatewayTestKit
import JSONText
import Testing

/// What names and numbers nothing, and what becomes events, is as safe from a kill as all else; with a real broker.
@Suite struct EventRepetitionTests {
    private static func configuration(_ port: Int, httpPort: Int) -> String {
        """
        gateway: {id: gw-test-1, site: test}
        http: {listen: "127.0.0.1:\(httpPort)"}
        mqtt: {broker: "mqtt://127.0.0.1:\(port)"}
        """
    }

    @Test func aKillBetweenCommitAndAcknowledgementStoresNoEventTwice() throws {
        let broker = try BrokerProcess(settings: ["log_type none"])
        defer { broker.stop() }
        let proxy = try LinkProxy(to: broker.port)
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "")
        try File.write(Self.configuration(proxy.port, httpPort: gateway.port), to: gateway.configurationPath)
        #expect(try gateway.start(), "\(gateway.log.suffix(500))")
        let device = try LoadPublisher(port: broker.port, clientID: "door")
        // From here on the broker hears of no acknowledgement: everything committed now comes again.
        proxy.impose(.holding)
        let kinds = ["events", "openclaw/state", "telemetry"]
        device.publish(0..<90) { number in
            // Of the last kind, nothing can be taken: it becomes a note of what was rejected.
            let body = number % 3 == 2 ? "number \(number)" : #"{"number":\#(number)}"#
            return ("mycosoft/devices/door-\(number % 4)/\(kinds[number % 3])", Array(body.utf8))
        }
        #expect(device.settle())
        func stored(_ kind: String) throws -> [JSON] {
            try gateway.records(of: "events").filter { $0["kind"]?.string == kind }
        }
        #expect(Eventually.holds { (try? stored("device_event").count) == 30 })
        #expect(Eventually.holds { (try? stored("device_state").count) == 30 })
        let rejected = try stored("message_rejected").count
        #expect(rejected > 0)
        gateway.kill()
        try File.write(Self.configuration(broker.port, httpPort: gateway.port), to: gateway.configurationPath)
        #expect(try gateway.start(), "\(gateway.log.suffix(500))")
        device.publish(90..<91) { number in ("mycosoft/devices/door-1/events", Array(#"{"number":\#(number)}"#.utf8)) }
        #expect(Eventually.holds { (try? stored("device_event").last?["body"]?["number"]?.int) == 90 })
        #expect(try stored("device_event").count == 31)
        #expect(try stored("device_state").count == 30)
        #expect(try stored("message_rejected").count == rejected)
        gateway.stop()
    }

    @Test func equalReadingsOfAValveAreNewAfterARestart() throws {
        let broker = try BrokerProcess()
        defer { broker.stop() }
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
        #expect(try gateway.start(), "\(gateway.log.suffix(500))")
        let valve = try BlockingMQTTClient(port: broker.port, id: "valve")
        for round in 1...3 {
            for _ in 0..<15 { try valve.publish("mycobrain/valve-1/telemetry", #"{"temperature":21.5}"#) }
            #expect(Eventually.holds { (try? gateway.records(of: "readings").count) == 15 * round })
            if round == 2 { gateway.stop() } else { gateway.kill() }
            #expect(try gateway.start(), "\(gateway.log.suffix(500))")
        }
        gateway.stop()
    }
}
