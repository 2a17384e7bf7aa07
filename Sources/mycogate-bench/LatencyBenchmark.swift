import CMosquitto
import Crypto
import GatewayTestKit
import Glibc
import JSONText
import Synchronization

/// From publish to durable at 500 messages a second, with a broker that sends at once and with mosquitto as it comes.
///
/// Durable is when a puller that waits has the record: the broker has no part in that way. The replay ack, which goes back
/// through the broker to a listener that sends nothing itself, is told beside it.
enum LatencyBenchmark {
    static let messageCount = 5_000
    private static let budget = 15.0

    static let benchmark = Benchmark(name: "latency") {
        let prompt = try run(brokerSettings: IntakeBenchmark.brokerSettings)
        let asItComes = try run(brokerSettings: IntakeBenchmark.brokerSettings.filter { !$0.contains("nodelay") })
        return [result(prompt, "a broker with set_tcp_nodelay"), result(asItComes, "mosquitto's default")]
    }

    /// Milliseconds from publish, ascending.
    private struct Delays {
        var durable: [Double]
        var replayAck: [Double]
        /// The same messages at a plain subscriber: what the broker and the machine take by themselves.
        var brokerAlone: [Double]

        static func text(_ delays: [Double]) -> String {
            "p50 \(Measure.text(delays[delays.count / 2], digits: 1)) p99 \(Measure.text(p99(delays), digits: 1)) ms"
        }

        static func p99(_ delays: [Double]) -> Double { delays[delays.count * 99 / 100] }
    }

    private static func result(_ delays: Delays, _ broker: String) -> BenchResult {
        let p99 = Delays.p99(delays.durable)
        return BenchResult(
            figure: "p99 \(Measure.text(p99, digits: 1)) ms from publish to durable", budget: "≤ 15 ms",
            detail: "\(broker), 500 msg/s: durable \(Delays.text(delays.durable)); replay ack at a listener "
                + "\(Delays.text(delays.replayAck)); broker alone \(Delays.text(delays.brokerAlone))",
            isKept: p99 <= budget)
    }

    private static func run(brokerSettings: [String]) throws -> Delays {
        let broker = try BrokerProcess(settings: brokerSettings)
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        let acks = try Listener(port: broker.port, topic: "mycosoft/devices/+/replay-ack", count: messageCount) {
            $0["msgId"]?.string
        }
        let plain = try Listener(port: broker.port, topic: "mycobrain/+/envelope", count: messageCount) {
            $0["hdr"]?["msgId"]?.string
        }
        let puller = try WaitingPuller(url: gateway.url, count: messageCount)
        let publisher = try LoadPublisher(port: broker.port, clientID: "bench-publisher")
        let messages = (0..<messageCount).map(envelope)
        var sent = [Double](repeating: 0, count: messageCount)
        publisher.publish(0..<messageCount, interval: 2_000_000) { number in
            sent[number] = Measure.seconds()
            return ("mycobrain/bench-\(number % 20)/envelope", messages[number])
        }
        let all = [puller.arrivals, acks.arrivals, plain.arrivals]
        guard Eventually.holds(within: .seconds(20), { all.allSatisfy { $0.count == messageCount } }) else {
            throw BenchError("of \(messageCount) came \(all.map(\.count)) (durable, replay acks, broker alone)")
        }
        let delays = all.map { zip($0.times, sent).map { ($0 - $1) * 1_000 }.sorted() }
        return Delays(durable: delays[0], replayAck: delays[1], brokerAlone: delays[2])
    }

    /// A signed-form envelope with a valid hash; its message id ends in the number.
    private static func envelope(_ number: Int) -> [UInt8] {
        let digits = String(number)
        let id = "00000000-0000-4000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits
        var envelope: JSON = [
            "hdr": ["deviceId": .string("bench-\(number % 20)"), "msgId": .string(id), "proto": "mqtt"],
            "ts": ["utc": "2026-01-15T14:30:00.000Z", "mono_ms": .integer(Int64(number))],
            "seq": .integer(Int64(number / 20)), "pack": [["id": "temp", "v": 21.5, "u": "C"]],
        ]
        let hash = Hex.encode(SHA256.hash(envelope.pythonCanonicalBytes))
        if case .object(var members) = envelope {
            members.append(.init(key: "hash", value: .string("sha256:" + hash)))
            members.append(
                .init(key: "sig", value: .string("ed25519:" + Base64.encode([UInt8](repeating: 0, count: 64)))))
            envelope = .object(members)
        }
        return envelope.bytes
    }
}
