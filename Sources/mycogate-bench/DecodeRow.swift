/// One measurement of `decode`, which can be asked for alone: `mycogate-bench decode influx`.
struct DecodeRow: Sendable {
    let name: String
    let measure: @Sendable () throws -> BenchResult

    init(_ name: String, _ measure: @escaping @Sendable () throws -> BenchResult) {
        self.name = name
        self.measure = measure
    }

    /// The rows of these names in place of all; nil if there are none, or one of them is unknown.
    static func benchmark(of names: [String]) -> Benchmark? {
        let chosen = DecodeBenchmark.rows.filter { names.contains($0.name) }
        guard !chosen.isEmpty, chosen.count == names.count else { return nil }
        return Benchmark(name: "decode") { try chosen.map { try $0.measure() } }
    }
}
