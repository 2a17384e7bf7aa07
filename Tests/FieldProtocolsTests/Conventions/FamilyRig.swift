import FieldProtocols
import GatewayModel
import GatewayTestKit
import JSONText
import Testing

/// Topic families at work on scripted messages.
struct FamilyRig {
    /// What one message has brought, in words that a test can compare.
    struct Heard {
        var verdict: Verdict
        var records: [Record]
        var notes: [Note]
        var effects: TopicEffects
        var dropped: RejectReason?

        var reason: RejectReason? { if case .rejected(let reason, _) = verdict { reason } else { nil } }

        /// The presence that was told, by device.
        var presence: [String: Bool] {
            Dictionary(
                effects.words.compactMap { word in word.presence.isOnline.map { (word.device.text, $0) } },
                uniquingKeysWith: { $1 })
        }

        /// All values, by `device metric`.
        var values: [String: Reading.Value] {
            Dictionary(
                records.flatMap { record in record.readings.map { ("\(record.device) \($0.metric)", $0.value) } },
                uniquingKeysWith: { $1 })
        }
    }

    struct Record {
        var device: String
        var observation: Observation
        var readings: [Reading]
        var messageID: String

        subscript(_ metric: String) -> Reading? { readings.first { $0.metric.text == metric } }
    }

    var decoder: TopicDecoder
    private var now = Decoded.now

    init(_ families: any TopicFamily...) { self.init(all: families) }

    init(all families: [any TopicFamily]) { decoder = TopicDecoder(policy: { _ in .none }, families: families) }

    init(_ names: TopicFamilyName...) {
        decoder = TopicDecoder(policy: { _ in .none }, families: names.map { $0.make() })
    }

    mutating func pass(seconds: Int64) {
        now.monotonicMilliseconds += seconds * 1_000
        now.wall.milliseconds += seconds * 1_000
    }

    mutating func hear(_ topic: String, _ payload: [UInt8], retained: Bool = false) -> Heard {
        var batch = ObservationBatch()
        let verdict = decoder.decode(topic: topic, payload: payload, retained: retained, received: now, into: &batch)
        #expect(batch.openReadings.isEmpty, "every reading belongs to an observation")
        return Heard(
            verdict: verdict,
            records: batch.observations.map { observation in
                Record(
                    device: observation.device.text, observation: observation,
                    readings: Array(batch.readings[observation.readings]),
                    messageID: String(decoding: batch.bytes[observation.messageID], as: UTF8.self))
            }, notes: batch.notes, effects: decoder.takeEffects() ?? TopicEffects(), dropped: decoder.dropped)
    }

    mutating func hear(_ topic: String, _ payload: String, retained: Bool = false) -> Heard {
        hear(topic, Array(payload.utf8), retained: retained)
    }

    mutating func connect(resumed: Bool) -> TopicEffects {
        decoder.begin(isResumed: resumed, at: now)
        return decoder.takeEffects() ?? TopicEffects()
    }

    /// Lets mutated messages loose on the families; whoever traps fails. A few only, since they invent names, whose table all
    /// tests of this process share: `mycogate-bench fuzz` takes many.
    mutating func fuzz(_ samples: [(topic: String, payload: [UInt8])], count: Int, seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var batch = ObservationBatch()
        for number in 0..<count {
            let sample = samples[random.integer(in: 0...(samples.count - 1))]
            let payload = random.chance(0.1) ? sample.payload : random.mutated(sample.payload)
            let topic = Array(sample.topic.utf8)
            let name = random.chance(0.1) ? random.mutated(topic) : topic
            name.withUnsafeBufferPointer { topic in
                payload.withUnsafeBytes { payload in
                    _ = decoder.decode(
                        topic: topic, payload: payload, retained: number % 7 == 0, received: now, into: &batch)
                }
            }
            #expect(batch.openReadings.isEmpty)
            batch.removeAll()
            _ = decoder.takeEffects()
        }
    }
}

/// Vectors of conventions.
enum ConventionVectors {
    static let sparkplug = (MDPVectors.file("instruments/sparkplug-b.json")?.array ?? []).map(Vector.init)
    static let mqtt = (MDPVectors.file("instruments/mqtt-conventions.json")?.array ?? []).map(Vector.init)

    static func topic(_ vector: Vector) -> String { vector["topic"]?.string ?? "any" }

    static func payload(_ vector: Vector) -> [UInt8] {
        if vector["hex"] != nil { return MDPVectors.wire(vector, "hex") }
        return vector["payload"].map { $0.string.map { Array($0.utf8) } ?? $0.bytes } ?? []
    }
}
