import GatewayTestKit

extension FuzzTarget {
    /// The parsers of LoRa gateways, network servers and modems: `lora-semtech`, `lora-cayenne` …
    static let lora: [FuzzTarget] = LoRaFuzzTarget.allCases.map { target in
        FuzzTarget(name: "lora-\(target.rawValue)", seeds: { fuzz(target).samples }) {
            var fuzz = fuzz(target)
            return { bytes in fuzz.feed(Array(bytes)) }
        }
    }

    private static func fuzz(_ target: LoRaFuzzTarget) -> LoRaFuzz {
        do { return try LoRaFuzz(target, seed: 1) } catch { preconditionFailure("the vectors are there: \(error)") }
    }
}
