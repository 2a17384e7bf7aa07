import GatewayTestKit
import Testing

@Suite struct ProfileParsers {
    /// Hundreds of times as many by `mycogate-bench fuzz`.
    @Test(arguments: ProfileFuzzTarget.allCases)
    func noBytesMakeAParserOfProfilesTrap(target: ProfileFuzzTarget) throws {
        var fuzz = try ProfileFuzz(target)
        #expect(fuzz.samples.count > 1)
        var random = SeededRandom(seed: 5)
        let count = target == .yaml ? 2_000 : target == .captures ? 2_000 : 20_000
        for _ in 0..<count {
            guard let sample = fuzz.samples.randomElement(using: &random) else { return }
            fuzz.feed(random.mutated(sample))
        }
    }
}
