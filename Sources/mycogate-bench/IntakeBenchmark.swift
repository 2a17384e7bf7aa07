import GatewayTestKit
import JSONText

/// Durable QoS 1 intake against a subscriber that only counts: same broker, same publishers, in turn.
enum IntakeBenchmark {
    static let messageCount = 100_000
    static let benchmark = Benchmark(name: "intake") {
        var ratios: [Double] = []
        var own: [Double] = []
        var peer: [Double] = []
        var bytesPerReading = 0.0
        for _ in 0..<3 {
            let counted = try counting()
            let stored = try gateway(&bytesPerReading)
            ratios.append(stored / counted)
            own.append(stored)
            peer.append(counted)
        }
        let ratio = Measure.median(ratios)
        return [
            BenchResult(
                figure: "\(Measure.text(ratio)) × counting", budget: "≥ 0.9",
                detail: "durable \(Measure.text(Measure.median(own), digits: 0)) msg/s, counting "
                    + "\(Measure.text(Measure.median(peer), digits: 0)) msg/s, medians of 3 pairs of \(messageCount) messages",
                isKept: ratio >= 0.9),
            BenchResult(
                figure: "\(Measure.text(bytesPerReading, digits: 1)) bytes a reading on disk", budget: "≤ 16",
                detail: "8 readings a message, with device seq", isKept: bytesPerReading <= 16),
        ]
    }

    /// Messages a second through the counting subscriber.
    private static func counting() throws -> Double {
        let broker = try BrokerProcess(settings: brokerSettings)
        let folder = try TemporaryFolder("mycogate-bench")
        let output = folder.file("count.out")
        let subscriber = try ChildProcess(
            GatewayProcess.built("mycogate-bench"), ["count", String(broker.port), String(messageCount)], output: output
        )
        // The file is not there before the child has begun.
        guard Eventually.holds({ ((try? File.text(output)) ?? "").contains("ready") }) else {
            throw BenchError("the counting subscriber did not start")
        }
        return try publish(to: broker.port) { subscriber.waitForExit(within: .seconds(120)) == 0 }
    }

    /// Messages a second through the gateway, from the first publication to the last commit.
    private static func gateway(_ bytesPerReading: inout Double) throws -> Double {
        let broker = try BrokerProcess(settings: brokerSettings)
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        let rate = try publish(to: broker.port) {
            Eventually.holds(within: .seconds(120)) { gateway.storedReadings >= messageCount }
        }
        gateway.stop()
        bytesPerReading =
            Double(Measure.byteCount(of: gateway.dataDirectory + "/journal/readings")) / Double(messageCount * 8)
        return rate
    }

    static let brokerSettings = ["log_type none", "max_queued_messages 1000000", "set_tcp_nodelay true"]

    private static func publish(to port: Int, until isDone: () -> Bool) throws -> Double {
        let publisher = try LoadPublisher(port: port, clientID: "bench-publisher")
        let messages = (0..<messageCount).map { (SampleTelemetry.topic($0), SampleTelemetry.payload($0)) }
        let start = Measure.seconds()
        publisher.publish(0..<messageCount) { messages[$0] }
        guard isDone() else { throw BenchError("not all messages arrived") }
        return Double(messageCount) / (Measure.seconds() - start)
    }
}

extension GatewayProcess {
    /// Readings records stored so far, as `status` tells.
    var storedReadings: Int { status()?["streams"]?["readings"]?["last_seq"]?.int ?? 0 }
}
