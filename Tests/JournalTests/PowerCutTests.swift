import GatewayTestKit
import Testing

@Suite struct PowerCutTests {
    /// Some seeds here; `make storage` does a thousand.
    @Test(.timeLimit(.minutes(5)))
    func whatWasAcknowledgedBeforeAPowerCutIsThereAfterIt() throws {
        var acknowledged = 0
        for seed in 1...60 as ClosedRange<UInt64> {
            let outcome = try PowerCutTrial().run(seed: seed)
            #expect(outcome.violations.isEmpty, "seed \(seed)")
            acknowledged += outcome.acknowledged
        }
        #expect(acknowledged > 10_000)
    }
}
