import FieldProtocols
import GatewayTestKit
import Testing

@Suite struct LoRaFuzzing {
    /// Every parser gets what it knows, damaged.
    @Test(arguments: LoRaFuzzTarget.allCases)
    func damagedInputNeverTraps(_ target: LoRaFuzzTarget) throws {
        var fuzz = try LoRaFuzz(target, seed: 4)
        for _ in 0..<20_000 { fuzz.step() }
    }
}
