import FieldProtocols
import GatewayModel

extension FuzzTarget {
    /// The topic families, each alone, with the topics of its samples; and what the command line makes of captures.
    static let conventions: [FuzzTarget] = ConventionSample.all.map { sample in
        let (name, before) = (sample.name, sample.before)
        let messages = Array(before.prefix(20)) + (0..<20).map { sample.message($0) }
        return FuzzTarget(name: name, seeds: { messages.map(\.payload) }) {
            var decoder = ConventionDecoding.decoder()
            var batch = ObservationBatch()
            var number = 0
            let received = ReceiveTime(
                wall: Timestamp(milliseconds: 1_768_487_400_000, trusted: true), monotonicMilliseconds: 0)
            for message in before {
                _ = decoder.decode(topic: message.topic, payload: message.payload, received: received, into: &batch)
            }
            return { bytes in
                number += 1
                var topic = messages[number % messages.count].topic
                topic.withUTF8 { topic in
                    _ = decoder.decode(
                        topic: topic, payload: bytes, retained: number % 7 == 0, received: received, into: &batch)
                }
                precondition(batch.openReadings.isEmpty, "every reading belongs to an observation")
                batch.removeAll()
                _ = decoder.takeEffects()
            }
        }
    }
}
