internal import GatewayModel
internal import JSONText

extension HomieFamily {
    mutating func value(
        _ message: TopicMessage, _ index: Int, _ metric: MetricName?, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict {
        // Empty is "not there any more"; an empty text is one zero byte.
        guard let metric, !message.payload.isEmpty else { return .taken }
        let property = devices[index].property(metric)
        if message.isRetained, property?.type == nil, !devices[index].isDescribed {
            if devices[index].waiting.count < HomieDevice.waitingCountMax, message.payload.count <= 256 {
                devices[index].waiting.append(
                    HomieDevice.Waiting(
                        metric: metric, value: Array(message.payload), topic: Array(message.topic)))
                return .taken
            }
        }
        let value = try Self.reading(message.text, property)
        batch.append(Reading(metric, value, unit: property?.unit ?? .none, quality: message.quality))
        identity.close(message.observation(of: devices[index].name), of: message, in: &batch)
        return .observation(devices[index].name, replayAck: nil)
    }

    private static func reading(
        _ text: UnsafeBufferPointer<UInt8>, _ property: HomieDevice.Property?
    ) throws(RejectReason) -> Reading.Value {
        switch property?.type {
        case .integer, .float, .percent:
            guard let number = ScalarText.number(text) else {
                throw ScalarText.isNotFinite(text) ? .valueNotFinite : .valueNotStorable
            }
            return .number(number)
        case .boolean:
            guard let flag = ScalarText.flag(text) else { throw .valueNotStorable }
            return .flag(flag)
        case .string, .enum, .color, .datetime, .duration, .json:
            let text = text.count == 1 && text[0] == 0 ? UnsafeBufferPointer(rebasing: text[..<0]) : text
            guard text.count <= TelemetryDecoder.textByteCountMax, ForeignName.isUTF8(text) else {
                throw .valueNotStorable
            }
            return .text(String(decoding: text, as: UTF8.self))
        case nil:
            guard let value = ScalarText.value(text) else {
                throw ScalarText.isNotFinite(ScalarText.trimmed(text)) ? .valueNotFinite : .valueNotStorable
            }
            return value
        }
    }

    /// Version 5: everything about a device in one text.
    mutating func describe(
        _ message: TopicMessage, _ index: Int, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        guard !message.payload.isEmpty else { return devices[index].forgetProperties() }
        let root = try message.json()
        guard root.isObject else { throw .malformedJSON }
        devices[index].forgetProperties()
        devices[index].isDescribed = true
        devices[index].root = (root["root"] ?? root["parent"])?.string.flatMap { ForeignName.device($0)?.text }
        var isFull = false
        root["nodes"]?.forEachMember { node, description in
            description["properties"]?.forEachMember { name, property in
                let text = String(decoding: node, as: UTF8.self) + "." + String(decoding: name, as: UTF8.self)
                guard let metric = ForeignName.metric(text, by: devices[index].name) else {
                    isFull = true
                    return
                }
                let unit = property["unit"]?.string.map { UnitSpelling.unit($0, by: devices[index].name) } ?? Unit.none
                if unit == nil { effects.drop(.unitNotStorable) }
                let hasRoom = devices[index].set(metric) {
                    $0.type = (property["datatype"]?.string).flatMap { HomieDevice.DataType(rawValue: $0) }
                    $0.unit = unit ?? .none
                }
                if !hasRoom { isFull = true }
            }
        }
        if isFull { effects.drop(.tooManyNames) }
        var presence = DevicePresence()
        presence.isOld = message.isRetained
        presence.displayName = (root["name"]?.string).map { String($0.prefix(64)) }
        effects.tell(devices[index].name, presence)
        if isUp(devices[index].root) == false { effects.tell(devices[index].name, isOnline: false) }
        if !message.level(0, is: "homie"), ForeignName.isUTF8(message.topic) {
            let start = String(decoding: message.topic, as: UTF8.self).dropLast("$description".utf8.count)
            effects.subscriptions.append("\(start)+/+")
        }
        release(index, message, into: &batch, &effects)
    }

    /// Stores the values that have waited for their description, except those of a property of which more may be told.
    mutating func release(
        _ index: Int, _ message: TopicMessage, butNot metric: MetricName? = nil, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) {
        let waiting = devices[index].waiting
        devices[index].waiting = []
        for kept in waiting {
            let property = devices[index].property(kept.metric)
            // Version 4 tells of one property at a time.
            if devices[index].isVersion4, property?.type == nil || kept.metric == metric {
                devices[index].waiting.append(kept)
                continue
            }
            kept.topic.withUnsafeBufferPointer { topic in
                kept.value.withUnsafeBytes { payload in
                    let old = message.about(topic, payload)
                    do throws(RejectReason) {
                        let value = try Self.reading(old.text, property)
                        batch.append(Reading(kept.metric, value, unit: property?.unit ?? .none, quality: .old))
                        identity.close(old.observation(of: devices[index].name), of: old, in: &batch)
                    } catch { effects.drop(error) }
                }
            }
        }
    }
}
