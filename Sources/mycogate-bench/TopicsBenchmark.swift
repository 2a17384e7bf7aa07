import GatewayTestKit

/// 5,000 device topics with a message a second each: everything is stored and the memory does not grow.
enum TopicsBenchmark {
    private static let rounds = 60

    static let benchmark = Benchmark(name: "topics") {
        let broker = try BrokerProcess(settings: IntakeBenchmark.brokerSettings)
        let gateway = try GatewayProcess(
            binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\", topics: [{filter: site/#}]}")
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        let publisher = try LoadPublisher(port: broker.port, clientID: "bench-publisher")
        let samples = ConventionSample.all.filter {
            ["tasmota", "zigbee2mqtt", "shelly", "esphome", "json"].contains($0.name)
        }
        var memory: [Int] = []
        for round in 0..<rounds {
            let range = round * 5_000..<(round + 1) * 5_000
            publisher.publish(range, interval: 200_000) { number in
                let (topic, payload) = samples[number % samples.count].message(number)
                // Shelly's and Tasmota's times are part of what a message is known by: each is another one.
                guard let text = String(validating: payload, as: UTF8.self) else { return (topic, payload) }
                let time = "2026-05-04T\(two(10 + round / 60)):\(two(round % 60))"
                return (
                    topic,
                    Array(
                        text.replacing("2026-05-04T10:15", with: time).replacing(
                            "1768487399", with: "\(1_768_487_399 + round)"
                        )
                        .utf8)
                )
            }
            guard Eventually.holds(within: .seconds(60), { gateway.storedReadings >= range.upperBound }) else {
                throw BenchError("\(gateway.storedReadings) of \(range.upperBound) arrived")
            }
            memory.append(gateway.residentBytes)
        }
        // The first rounds make everything known; the memory of the journal fills for a while.
        let growth = Double((memory.last ?? 0) - memory[rounds / 2]) / 1_048_576
        let stored = gateway.storedReadings
        gateway.stop()
        return [
            BenchResult(
                figure: "\(Measure.text(growth, digits: 1)) MiB growth in the second half", budget: "≤ 1 MiB",
                detail: "5000 topics of \(samples.count) conventions, \(stored) messages at 5000/s, "
                    + "\(Measure.text(Double(memory.last ?? 0) / 1_048_576, digits: 1)) MiB at the end",
                isKept: growth <= 1)
        ]
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
