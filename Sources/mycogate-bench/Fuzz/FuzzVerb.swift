import GatewayTestKit

/// `mycogate-bench fuzz NAME|all [COUNT] [SEED]`: damaged inputs for a parser, 10 million unless told otherwise.
enum FuzzVerb {
    private static let countUsual = 10_000_000
    /// How often it says how far it has come.
    private static let reportEvery = 1_000_000

    static func run(_ arguments: [String]) -> Int32 {
        let targets = FuzzTarget.all.filter { arguments.first == "all" || arguments.first == $0.name }
        let numbers = arguments.dropFirst().map { Int($0) }
        guard !targets.isEmpty, numbers.count <= 2, numbers.allSatisfy({ $0 ?? -1 >= 0 }) else {
            let names = FuzzTarget.all.map(\.name).joined(separator: "|")
            BenchProgram.write("usage: mycogate-bench fuzz \(names)|all [COUNT] [SEED]")
            return 64
        }
        let values = numbers.compactMap { $0 }
        let count = values.first ?? countUsual
        for target in targets { fuzz(target, count: count, seed: UInt64(values.dropFirst().first ?? 1)) }
        return 0
    }

    private static func fuzz(_ target: FuzzTarget, count: Int, seed: UInt64) {
        let seeds = target.seeds()
        let parse = target.make()
        var random = SeededRandom(seed: seed)
        let start = Measure.seconds()
        var byteCount = 0
        for index in 1...max(count, 1) {
            guard var input = seeds.randomElement(using: &random) else { return }
            // Now and then two in a row, and now and then nothing but noise.
            if random.chance(0.2), let other = seeds.randomElement(using: &random) { input += other }
            // Good ones between them, so that a parser with a memory is not lost for good.
            let damaged =
                random.chance(0.2)
                ? input : random.chance(0.02) ? random.bytes(random.integer(in: 0...300)) : random.mutated(input)
            byteCount += damaged.count
            damaged.withUnsafeBytes(parse)
            if index % reportEvery == 0 { BenchProgram.write("     fuzz \(target.name): \(index) inputs") }
        }
        let seconds = Measure.text(Measure.seconds() - start, digits: 1)
        BenchProgram.write("ok   fuzz \(target.name): \(count) inputs, \(byteCount) bytes, seed \(seed), \(seconds) s")
    }
}
