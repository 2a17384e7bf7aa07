import GatewayTestKit
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
}
