internal import Crypto
internal import GatewayModel
internal import JSONText

extension CaptureDecoder {
    /// Messages of topic families, decoded as the intake would.
    mutating func decodeTopics(_ bytes: UnsafeRawBufferPointer, _ families: [TopicFamilyName]) {
        var made = families.map { $0.make() }
        // Everything that names itself by its payload, whatever its topic.
        if families.count > 1 { made.append(SiteTopicsFamily(topics: [SiteTopic(filter: "#")])) }
        var decoder = TopicDecoder(policy: { _ in .none }, families: made)
        let received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0)
        for item in ConventionCapture.items(of: bytes) {
            switch item {
            case .error(let code, let offset): fail(code, at: offset)
            case .message(let message):
                guard let topic = message.topic ?? options.topic ?? Self.usualTopic(families) else {
                    fail("missing_topic", at: message.offset)
                    continue
                }
                var batch = ObservationBatch()
                let verdict = decoder.decode(
                    topic: topic, payload: message.payload, retained: message.isRetained, received: received,
                    into: &batch)
                show(message, topic, verdict, decoder.dropped, decoder.takeEffects() ?? TopicEffects(), batch)
            }
        }
    }

    /// Where a payload that came without its topic is likeliest to have been.
    private static func usualTopic(_ families: [TopicFamilyName]) -> String? {
        guard families.count == 1, let family = families.first else { return "any" }
        return switch family {
        case .tasmota: "tele/device/SENSOR"
        case .zigbee2mqtt: "zigbee2mqtt/device"
        case .shelly: "device/events/rpc"
        case .homeassistant: "homeassistant/sensor/device/value/config"
        default: nil
        }
    }

    private mutating func show(
        _ message: ConventionCapture.Message, _ topic: String, _ verdict: Verdict, _ dropped: RejectReason?,
        _ effects: TopicEffects, _ batch: ObservationBatch
    ) {
        let refused: String? =
            switch verdict {
            case .rejected(let reason, _): reason.name
            case .unclaimed: "unclaimed_topic"
            default: nil
            }
        if refused != nil { markFailed() }
        print { writer in
            writer.key("topic")
            writer.string(topic)
            if message.isRetained {
                writer.key("retained")
                writer.bool(true)
            }
            if let refused { return Self.write(refused, at: 0, &writer) }
            if batch.observations.count == 1, let first = batch.observations.first {
                Self.write(first, batch, &writer)
            } else if !batch.observations.isEmpty {
                writer.key("records")
                writer.beginArray()
                for observation in batch.observations {
                    writer.beginObject()
                    Self.write(observation, batch, &writer)
                    writer.endObject()
                }
                writer.endArray()
            }
            Self.write(effects, isAlone: batch.observations.isEmpty, &writer)
            Description(topic, message).write(to: &writer)
            for note in batch.notes {
                writer.key("event")
                writer.string(note.kind)
                writer.key("detail")
                writer.raw(note.body)
            }
            if let dropped {
                writer.key("dropped")
                writer.string(dropped.name)
            }
        }
    }

    private static func write(_ observation: Observation, _ batch: ObservationBatch, _ writer: inout JSONWriter) {
        writer.key("device")
        writer.string(observation.device.text)
        writer.key("time")
        if let time = observation.deviceTime { writer.string(RFC3339.text(time.milliseconds)) } else { writer.null() }
        writer.key("readings")
        writer.beginArray()
        for reading in batch.readings[observation.readings] { write(reading, &writer) }
        writer.endArray()
    }

    private static func write(_ effects: TopicEffects, isAlone: Bool, _ writer: inout JSONWriter) {
        if effects.words.count == 1, isAlone, let word = effects.words.first {
            write(word, &writer)
        } else if !effects.words.isEmpty {
            writer.key("devices")
            writer.beginArray()
            for word in effects.words {
                writer.beginObject()
                write(word, &writer)
                writer.endObject()
            }
            writer.endArray()
        }
        for (key, topics) in [("subscribe", effects.subscriptions), ("unsubscribe", effects.unsubscriptions)]
        where !topics.isEmpty {
            writer.key(key)
            writer.beginArray()
            for topic in topics { writer.string(topic) }
            writer.endArray()
        }
        if !effects.publications.isEmpty {
            writer.key("publish")
            writer.beginArray()
            for publication in effects.publications {
                writer.beginObject()
                writer.key("topic")
                writer.string(publication.topic)
                writer.key("payload_hex")
                writer.string(Hex.encode(publication.payload))
                writer.endObject()
            }
            writer.endArray()
        }
    }

    private static func write(_ word: TopicEffects.Word, _ writer: inout JSONWriter) {
        writer.key("device")
        writer.string(word.device.text)
        if let isOnline = word.presence.isOnline {
            writer.key("online")
            writer.bool(isOnline)
        }
        for (key, value) in [
            ("name", word.presence.displayName), ("model", word.presence.boardType),
            ("firmware", word.presence.firmware), ("state", word.presence.attributes["homie.state"]),
        ] {
            guard let value else { continue }
            writer.key(key)
            writer.string(value)
        }
    }
}
