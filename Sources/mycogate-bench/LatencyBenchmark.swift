import CMosquitto
import Crypto
import GatewayTestKit
import Glibc
import JSONText
import Synchronization

/// From publish to durable at 500 messages a second: the replay ack, published after the commit, is what tells.
enum LatencyBenchmark {
    static let messageCount = 5_000
    static let benchmark = Benchmark(name: "latency") {
        let broker = try BrokerProcess(settings: IntakeBenchmark.brokerSettings)
        let gateway = try GatewayProcess(binary: GatewayProcess.built(), sections: "mqtt: {broker: \"\(broker.url)\"}")
        guard try gateway.start() else { throw BenchError("the gateway did not start: \(gateway.log)") }
        let acks = try ArrivalTimes(port: broker.port, topic: "mycosoft/devices/+/replay-ack", count: messageCount) {
            $0["msgId"]?.string
        }
        // The same messages at a plain subscriber: what the broker and the machine take by themselves.
        let plain = try ArrivalTimes(port: broker.port, topic: "mycobrain/+/envelope", count: messageCount) {
            $0["hdr"]?["msgId"]?.string
        }
        let publisher = try LoadPublisher(port: broker.port, clientID: "bench-publisher")
        let messages = (0..<messageCount).map(envelope)
        var sent = [Double](repeating: 0, count: messageCount)
        publisher.publish(0..<messageCount, interval: 2_000_000) { number in
            sent[number] = Measure.seconds()
            return ("mycobrain/bench-\(number % 20)/envelope", messages[number])
        }
        guard Eventually.holds(within: .seconds(20), { acks.count == messageCount }) else {
            throw BenchError("\(acks.count) of \(messageCount) replay acks came")
        }
        let delays = zip(acks.times, sent).map { ($0 - $1) * 1_000 }.sorted()
        let p99 = delays[delays.count * 99 / 100]
        let alone = zip(plain.times, sent).map { ($0 - $1) * 1_000 }.sorted()
        let figures = [
            delays[delays.count / 2], alone[alone.count / 2], alone[alone.count * 99 / 100],
        ].map { Measure.text($0, digits: 1) }
        return [
            BenchResult(
                figure: "p99 \(Measure.text(p99, digits: 1)) ms to durable", budget: "≤ 15 ms",
                detail: "p50 \(figures[0]) ms, publish to replay ack, 500 msg/s; broker alone p50 \(figures[1]) "
                    + "p99 \(figures[2]) ms",
                isKept: p99 <= 15)
        ]
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

/// Listens to a topic and notes when the message of each number came.
private final class ArrivalTimes: Sendable {
    private let state: Mutex<(times: [Double], count: Int)>
    // Used by its own loop thread after the start.
    private nonisolated(unsafe) let client: OpaquePointer

    private let messageID: @Sendable (JSON) -> String?

    /// `messageID` finds the id, which ends in the number.
    init(port: Int, topic: String, count: Int, messageID: @escaping @Sendable (JSON) -> String?) throws {
        self.messageID = messageID
        state = Mutex(([Double](repeating: 0, count: count), 0))
        mosquitto_lib_init()
        guard let client = mosquitto_new(nil, true, nil) else { throw BenchError("no client") }
        self.client = client
        mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
        mosquitto_message_callback_set(client) { _, context, message in
            guard let context, let message = message?.pointee else { return }
            let bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
            Unmanaged<ArrivalTimes>.fromOpaque(context).takeUnretainedValue().take(bytes)
        }
        guard mosquitto_connect(client, "127.0.0.1", Int32(port), 60) == 0,
            mosquitto_subscribe(client, nil, topic, 0) == 0, mosquitto_loop_start(client) == 0
        else { throw BenchError("the listener cannot connect") }
    }

    deinit {
        mosquitto_loop_stop(client, true)
        mosquitto_destroy(client)
    }

    var count: Int { state.withLock { $0.count } }
    var times: [Double] { state.withLock { $0.times } }

    private func take(_ payload: UnsafeRawBufferPointer) {
        let now = Measure.seconds()
        // Anything that is not of ours is no concern of the measurement.
        guard let message = try? JSON(parsing: payload), let id = messageID(message), let number = Int(id.suffix(12))
        else {
            return
        }
        state.withLock { state in
            guard state.times.indices.contains(number), state.times[number] == 0 else { return }
            state.times[number] = now
            state.count += 1
        }
    }
}
