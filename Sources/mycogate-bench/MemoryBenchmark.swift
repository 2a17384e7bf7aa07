import GatewayTestKit

/// Resident memory while messages pour in and the upstream is down.
enum MemoryBenchmark {
    static let benchmark = Benchmark(name: "memory") {
        let broker = try BrokerProcess(settings: IntakeBenchmark.brokerSettings)
        let down = try LoopbackPort.free()
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(),
            sections: """
                mqtt: {broker: "\(broker.url)"}
                sync: {destinations: [{name: mas, kind: mas, url: "http://127.0.0.1:\(down)"}]}
                """)
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        let publisher = try LoadPublisher(port: broker.port, clientID: "bench-publisher")
        var samples: [Int] = []
        for round in 0..<10 {
            let range = round * 40_000..<(round + 1) * 40_000
            publisher.publish(range) { (SampleTelemetry.topic($0), SampleTelemetry.payload($0)) }
            guard Eventually.holds(within: .seconds(60), { gateway.storedReadings >= range.upperBound }) else {
                throw BenchError("not all messages arrived")
            }
            samples.append(gateway.residentBytes)
        }
        let peak = samples.max() ?? 0
        return [
            BenchResult(
                figure: "\(Measure.text(Double(peak) / 1_048_576, digits: 1)) MiB resident at most", budget: "≤ 24 MiB",
                detail: "400000 messages with the only upstream down", isKept: peak <= 24 << 20)
        ]
    }
}
