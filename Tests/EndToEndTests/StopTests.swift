import GatewayTestKit
import JSONText
import Testing

/// SIGTERM ends the real program in time for its unit, whoever hangs.
@Suite struct StopTests {
    @Test func destinationsThatNeverAnswerDoNotHoldUpTheStopOneAfterAnother() throws {
        let broker = try BrokerProcess(settings: ["log_type none"])
        let server = try StandInCollector()
        server.misbehave(.silent)
        let destinations = (0..<10).map {
            "    - {name: hangs-\($0), kind: http, url: \"\(server.url)/in\", batch_interval: 10ms}"
        }
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                sync:
                  destinations:
                \(destinations.joined(separator: "\n"))
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        publisher.publish(0..<10) {
            ("mycobrain/dev/telemetry", Array(#"{"seq":\#($0),"pack":[{"id":"x","v":1}]}"#.utf8))
        }
        #expect(publisher.settle())
        #expect(server.wait { $0.requests >= 10 })
        // Each waits 2 s for what is under way: 20 s one after another, which is what the unit allows for all.
        #expect(gateway.stop(within: .seconds(14)) == 0)
    }
}
