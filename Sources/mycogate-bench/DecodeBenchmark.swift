import FieldProtocols
import GatewayModel

/// How fast the codecs of the data path are on one core.
enum DecodeBenchmark {
    static let count = 1_000_000
    static let benchmark = Benchmark(name: "decode") { try rows.map { try $0.measure() } }

    /// In the order of the data path.
    static let rows: [DecodeRow] =
        [DecodeRow("mdp") { frames() }, DecodeRow("telemetry") { telemetry() }]
        + BoardDecoding.rows + ConventionDecoding.rows + LoRaDecoding.rows + ProfileDecoding.rows

    /// Small MDP frames out of a serial stream.
    private static func frames() -> BenchResult {
        let payload = Array(#"{"success":true,"message":"telemetry_sent"}"#.utf8)
        var wire: [UInt8] = []
        for seq in 0..<1_000 {
            let header = MDPHeader(
                type: .ack, seq: UInt32(seq + 1), ack: UInt32(seq), source: .sideA, destination: .gateway)
            wire += MDPEncoder.encode(header, payload: payload)
        }
        var stream = MDPStream()
        var seen = 0
        let time = Measure.shortest {
            for _ in 0..<count / 10_000 {
                wire.withUnsafeBytes { bytes in
                    var input = bytes
                    while let event = stream.next(&input) { if case .frame = event { seen += 1 } }
                }
            }
        }
        let rate = Double(seen / 10) / time
        return BenchResult(
            figure: "\(Measure.text(rate / 1e6)) M MDP frames/s", budget: "≥ 1 M/s",
            detail:
                "\(wire.count / 1_000) bytes a frame, \(Measure.text(Double(wire.count) * 100 / time / 1e6, digits: 0)) MB/s, \(seen) decoded",
            isKept: rate >= 1e6 && seen == count)
    }

    /// Telemetry of about 300 bytes with eight readings, as it comes over MQTT.
    private static func telemetry() -> BenchResult {
        let messages = (0..<1_000).map { (Array(SampleTelemetry.topic($0).utf8), SampleTelemetry.payload($0)) }
        let received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0)
        var decoder = TopicDecoder(keys: { _ in nil })
        var batch = ObservationBatch()
        let time = Measure.shortest {
            for _ in 0..<20 {
                batch.removeAll()
                for (topic, payload) in messages {
                    topic.withUnsafeBufferPointer { topic in
                        payload.withUnsafeBytes { payload in
                            _ = decoder.decode(
                                topic: topic, payload: payload, retained: false, received: received, into: &batch)
                        }
                    }
                }
            }
        }
        let microseconds = time * 1e6 / 20_000
        let bytes = messages.reduce(0) { $0 + $1.1.count } / 1_000
        return BenchResult(
            figure: "\(Measure.text(microseconds)) µs a telemetry message",
            budget: "≤ 5 µs (200 MB/s would be \(Measure.text(Double(bytes) / 200)) µs)",
            detail: "\(bytes) bytes, 8 readings, \(batch.observations.count) decoded",
            isKept: microseconds <= 5 && batch.observations.count == 1_000)
    }

    /// Counts what `body` decodes, `count` times.
    static func measure(_ name: String, byteCount: Int, count: Int, _ body: () -> Int) -> BenchResult {
        var seen = 0
        let time = Measure.shortest { for _ in 0..<count / 10 { seen += body() } }
        let rate = Double(count / 10) / time
        let volume = rate * Double(byteCount) / 1e6
        return BenchResult(
            figure: "\(Measure.text(rate / 1e6)) M \(name)/s, \(Measure.text(volume, digits: 0)) MB/s",
            budget: "≥ 1 M/s or ≥ 200 MB/s", detail: "\(byteCount) bytes each, \(seen) decoded",
            isKept: (rate >= 1e6 || volume >= 200) && seen == count)
    }
}
