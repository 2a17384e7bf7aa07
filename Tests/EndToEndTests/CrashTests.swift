import GatewayTestKit
import JSONText
import Testing

/// The promise itself, against the real program and a real mosquitto: `make crash` runs it at full length.
@Suite(.serialized) struct CrashTests {
    @Test func whatWasAcknowledgedSurvivesKillsAndIsStoredAndDeliveredOnce() throws {
        let trial = CrashTrial(
            binary: GatewayProcess.built(), messages: 36_000, kills: 12, seed: 20_260_115, destinations: .mas)
        let verdict = try trial.run()
        #expect(verdict.acknowledged == 36_000)
        #expect(verdict.kills == 12)
        #expect(verdict.isClean, "\(verdict)")
    }

    /// One destination of every kind, with a real nats-server.
    @Test func everyDestinationGetsEverythingOnceThroughKills() throws {
        let trial = CrashTrial(binary: GatewayProcess.built(), messages: 3_000, kills: 6, seed: 20_260_116)
        let verdict = try trial.run()
        #expect(verdict.acknowledged == 3_000)
        #expect(verdict.destinations.count == 7)
        #expect(verdict.destinations.allSatisfy { $0.messages == 3_000 })
        #expect(verdict.isClean, "\(verdict)")
    }

    /// The broker kills the daemon when it sees an acknowledgement, before it has read the next. An acknowledgement that
    /// leaves a moment before the commit is a loss here.
    @Test func whatIsAcknowledgedIsDurableAtThatMoment() throws {
        let broker = try ScriptedBroker()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"mqtt://127.0.0.1:\(broker.port)\"}")
        var acknowledged: Set<Int> = []
        for round in 0..<8 {
            try gateway.launch()
            let peer = try #require(broker.serveIntake(resumed: round > 0), "\(gateway.log)")
            let numbers = round * 200 + 1...round * 200 + 200
            peer.send(numbers.flatMap { message($0, id: $0 - round * 200) })
            while let packet = peer.next() {
                guard packet.kind == .puback, let id = packet.id else { continue }
                if gateway.isRunning { gateway.kill() }
                acknowledged.insert(round * 200 + Int(id))
            }
            #expect(!gateway.isRunning)
        }
        try gateway.launch()
        let peer = try #require(broker.serveIntake(resumed: true))
        try #require(gateway.isReady())
        let stored = try gateway.records(of: "readings").compactMap { $0["readings"]?[0]?["v"]?.int }
        #expect(!acknowledged.isEmpty)
        #expect(acknowledged.subtracting(stored).isEmpty)
        #expect(Set(stored).count == stored.count)
        withExtendedLifetime(peer) {}
    }

    private func message(_ number: Int, id: Int) -> [UInt8] {
        let topic = "mycobrain/crash-\(number % 16)/telemetry"
        let body = #"{"pack":[{"id":"crash.number","v":\#(number),"u":"1"}]}"#
        return MQTTPacket.publish(Array(topic.utf8), Array(body.utf8), id: UInt16(id)).bytes
    }
}
