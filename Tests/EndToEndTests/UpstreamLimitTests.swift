import GatewayTestKit
import JSONText
import Testing

/// A MAS that asks for patience gets it, and everything else afterwards.
@Suite(.serialized) struct UpstreamLimitTests {
    @Test func whatWasRefusedForNowIsHeldUntilRetryAfterAndThenDeliveredOnce() throws {
        let broker = try BrokerProcess()
        let mas = try StandInMAS()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                sync: {destinations: [{name: mas, kind: mas, url: "\(mas.url)"}]}
                """)
        #expect(try gateway.start(), "\(gateway.log)")
        let publisher = try LoadPublisher(port: broker.port, clientID: "device")
        func publish(_ numbers: Range<Int>) {
            publisher.publish(numbers) { number in
                ("mycobrain/board/telemetry", Array(#"{"seq":\#(number),"pack":[{"id":"x","v":\#(number)}]}"#.utf8))
            }
        }
        publish(0..<1)
        #expect(mas.wait { $0.deliveries.count == 1 })
        // The device is announced: no heartbeat is due for a while, and every request from now on is an envelope.
        #expect(Eventually.holds { mas.registeredDevices == ["gateway-gw-test-1", "board"] })
        mas.inject(.status(429, retryAfter: "3"))
        publish(1..<40)
        #expect(Eventually.holds { destination(gateway)?["state"]?.string == "paced" })
        #expect(destination(gateway)?["reason"]?.string?.contains("429") == true)
        #expect(Eventually.holds { gateway.recordCount == 40 }, "intake goes on meanwhile")
        let before = mas.withLedger { $0.requests }
        #expect(destination(gateway)?["lag"]?.int == 39)

        #expect(mas.wait { $0.deliveries.count == 40 })
        #expect(Eventually.holds { destination(gateway)?["lag"]?.int == 0 })
        #expect(destination(gateway)?["state"]?.string == "connected")
        #expect(destination(gateway)?["refused"]?.int == 0)
        mas.withLedger { ledger in
            #expect(ledger.requestTimes[before] - ledger.requestTimes[before - 1] >= 2_990)
            #expect(ledger.messages(of: "board").map(\.seq) == Array(0..<40))
            #expect(ledger.repeats == 0 && ledger.differing == 0)
        }
        gateway.stop()
    }

    private func destination(_ gateway: GatewayProcess) -> JSON? { gateway.status()?["destinations"]?["mas"] }
}
