import GatewayTestKit

/// From start to ready with a gigabyte of journal.
enum StartBenchmark {
    static let byteCount = 1 << 30
    static let benchmark = Benchmark(name: "start") {
        let broker = try BrokerProcess(settings: IntakeBenchmark.brokerSettings)
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}\njournal: {max_bytes: 4GiB}")
        try Prefill.bytes(byteCount, dataDirectory: gateway.dataDirectory)
        let times = try (0..<5).map { _ in
            let start = Measure.seconds()
            guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
            let time = Measure.seconds() - start
            gateway.kill()
            return time
        }
        let time = Measure.median(times)
        let size = Measure.byteCount(of: gateway.dataDirectory + "/journal")
        return [
            BenchResult(
                figure: "\(Measure.text(time * 1_000, digits: 0)) ms to ready", budget: "≤ 200 ms",
                detail:
                    "\(size >> 20) MiB of journal, after a kill, median of 5 (max \(Measure.text((times.max() ?? 0) * 1_000, digits: 0)) ms)",
                isKept: time <= 0.2)
        ]
    }
}
