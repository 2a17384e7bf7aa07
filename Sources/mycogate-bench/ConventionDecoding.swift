import FieldProtocols
import GatewayModel

/// How fast the topic families are, asked in turn as in the daemon: small messages of 5,000 devices of each.
enum ConventionDecoding {
    private static let count = 200_000

    static let rows = ConventionSample.all.map { sample in DecodeRow(sample.name) { result(sample) } }

    static func decoder() -> TopicDecoder {
        let families: [any TopicFamily] =
            TopicFamilyName.allCases.map { $0.make() } + [SiteTopicsFamily(topics: [SiteTopic(filter: "site/#")])]
        return TopicDecoder(policy: { _ in .none }, families: families)
    }

    private static func result(_ sample: ConventionSample) -> BenchResult {
        var decoder = decoder()
        var batch = ObservationBatch()
        let received = ReceiveTime(
            wall: Timestamp(milliseconds: 1_768_487_400_000, trusted: true), monotonicMilliseconds: 0)
        for message in sample.before {
            _ = decoder.decode(topic: message.topic, payload: message.payload, received: received, into: &batch)
        }
        _ = decoder.takeEffects()
        let messages = (0..<10_000).map { sample.message($0) }.map { (Array($0.topic.utf8), $0.payload) }
        var seen = 0
        var best = Double.infinity
        // The first round learns the topics.
        for round in 0...count / messages.count {
            let start = Measure.seconds()
            for (topic, payload) in messages {
                topic.withUnsafeBufferPointer { topic in
                    payload.withUnsafeBytes { payload in
                        _ = decoder.decode(
                            topic: topic, payload: payload, retained: false, received: received, into: &batch)
                    }
                }
                if batch.observations.count >= 1_000 {
                    if round > 0 { seen += batch.observations.count }
                    batch.removeAll()
                }
            }
            if round > 0 { best = min(best, Measure.seconds() - start) }
            seen += round > 0 ? batch.observations.count : 0
            batch.removeAll()
            _ = decoder.takeEffects()
        }
        let rate = Double(messages.count) / best
        let bytes = messages.reduce(0) { $0 + $1.0.count + $1.1.count } / messages.count
        let throughput = rate * Double(bytes) / 1e6
        return BenchResult(
            figure: "\(Measure.text(rate / 1e6)) M messages/s of \(sample.name)", budget: "≥ 1 M/s or ≥ 200 MB/s",
            detail: "\(bytes) bytes with their topic, \(Measure.text(throughput, digits: 0)) MB/s, \(seen) decoded",
            isKept: (rate >= 1e6 || throughput >= 200) && seen >= count)
    }
}
