import GatewayTestKit
import Glibc
import NATS

/// A day without an upstream at 50 messages a second, taken in as fast as the gateway takes them; then the upstreams come back
/// one after the other, and alarms are raised while the backlog drains.
enum OutageBenchmark {
    static let messageCount = 24 * 3_600 * 50
    private static let alarmCount = 10
    private static let chunk = 40_000
    static let benchmark = Benchmark(name: "outage") {
        let outage = try Outage()
        let fill = try outage.fill(messageCount, chunk: chunk)
        let collector = try StandInCollector(keepsLines: false, port: outage.collectorPort)
        let http = try outage.drain(
            messageCount, alarms: alarmCount, delivered: { collector.withLedger { $0.storedCount } }
        ) {
            text in
            collector.withLedger { $0.otherLines.contains { $0.contains(text) } }
        }
        let server = try NATSServerProcess(port: outage.natsPort)
        let outside = try NATSConnection(NATSSettings(), address: server.url, onArrival: {})
        let nats = try outage.drain(
            messageCount, alarms: alarmCount,
            delivered: {
                // A stream that the gateway has not made yet.
                Int((try? outside.stream(Outage.stream))??.lastSequence ?? 0)
            }
        ) { text in
            // As above.
            let last = (try? outside.lastMessage(of: "mycogate.gw-test-1.events", in: Outage.stream)) ?? nil
            return last.map { String(decoding: $0.body, as: UTF8.self).contains(text) } ?? false
        }
        outage.gateway.stop()
        return [
            fill.result("\(messageCount) messages with every destination down, \(text(fill.rate)) a second"),
            http.result("while \(messageCount) records drain over HTTP"),
            nats.result("while \(messageCount) records drain to NATS"),
            http.rateResult("HTTP"), nats.rateResult("NATS"), http.alarmResult("HTTP"), nats.alarmResult("NATS"),
            BenchResult(
                figure:
                    "\(Measure.text(Double(max(fill.memory.peak, http.memory.peak, nats.memory.peak)) / 1_048_576, digits: 1)) MiB resident at most",
                budget: "≤ 34 MiB", detail: "three destinations, over the outage and both drains",
                isKept: max(fill.memory.peak, http.memory.peak, nats.memory.peak) <= 34 << 20),
        ]
    }

    private static func text(_ rate: Double) -> String { Measure.text(rate, digits: 0) }
}

/// Resident memory over a phase: the most in its first twentieth, and the most after that.
struct MemoryCourse {
    private(set) var early = 0
    private(set) var late = 0

    mutating func note(_ bytes: Int, progress: Double) {
        if progress < 0.05 { early = max(early, bytes) } else { late = max(late, bytes) }
    }

    var growth: Int { late - early }
    var peak: Int { max(early, late) }
}
