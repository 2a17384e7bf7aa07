internal import GatewayModel
internal import JSONText

extension DiscoveryFamily {
    /// Stores what a described topic brings, an observation for each device.
    mutating func state(
        _ message: TopicMessage, _ values: [DiscoveredTopic.Value], into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict {
        guard let first = values.first, !message.payload.isEmpty else { return .taken }
        var root: JSONValue?
        if values.contains(where: { $0.template.readsJSON }) { root = try message.json() }
        var device = first.device
        for value in values {
            if value.device != device {
                close(message, device, in: &batch)
                device = value.device
            }
            append(value, root, message, into: &batch, &effects)
        }
        close(message, device, in: &batch)
        return .taken
    }

    /// Tells of the devices whose word this topic brings.
    mutating func tellWords(_ message: TopicMessage, _ index: Int, _ effects: inout TopicEffects) {
        for number in topics[index].words.indices {
            let word = topics[index].words[number]
            guard let isUp = isUp(word.availability, message) else { continue }
            topics[index].words[number].isUp = isUp
            let isOnline: Bool? =
                switch word.availability.mode {
                case .latest: isUp
                case .all: isUp ? (words(of: word.source).contains { $0 != true } ? nil : true) : false
                case .any: isUp ? true : (words(of: word.source).contains { $0 != false } ? nil : false)
                }
            if let isOnline { effects.tell(word.device, isOnline: isOnline, isOld: message.isRetained) }
        }
    }

    private func isUp(_ availability: DiscoveryMessage.Availability, _ message: TopicMessage) -> Bool? {
        let text = message.text
        if availability.template.readsJSON {
            // What is no JSON, or has no such member, says nothing.
            guard let root = try? message.json(), let picked = availability.template.value(in: root) else { return nil }
            let word = DiscoveryMessage.word(picked)
            return word == availability.online ? true : word == availability.offline ? false : nil
        }
        if text.elementsEqual(availability.online.utf8) { return true }
        return text.elementsEqual(availability.offline.utf8) ? false : nil
    }

    /// What the words of one description say now; nil where nothing was heard.
    private func words(of source: String) -> [Bool?] {
        (sources[source] ?? []).compactMap { indexes[$0] }.flatMap { index in
            topics[index].words.filter { $0.source == source }.map(\.isUp)
        }
    }

    private mutating func close(_ message: TopicMessage, _ device: DeviceName, in batch: inout ObservationBatch) {
        guard !batch.openReadings.isEmpty else { return }
        closeKept(message.observation(of: device), message, in: &batch)
    }

    private func append(
        _ value: DiscoveredTopic.Value, _ root: JSONValue?, _ message: TopicMessage,
        into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) {
        var text = message.text
        if value.template.readsJSON {
            // A payload may well leave out what did not change.
            guard let picked = root.flatMap({ value.template.value(in: $0) }), !picked.isNull else { return }
            if value.isBinary, let word = DiscoveryMessage.word(picked),
                word == value.payloadOn || word == value.payloadOff
            {
                return batch.append(
                    Reading(value.metric, .flag(word == value.payloadOn), quality: message.quality))
            }
            if let number = picked.double { return append(number, value, message, into: &batch, &effects) }
            if let flag = picked.bool {
                return batch.append(Reading(value.metric, .flag(flag), unit: value.unit, quality: message.quality))
            }
            guard let word = picked.utf8 else { return effects.drop(.valueNotStorable) }
            text = word
        }
        let trimmed = ScalarText.trimmed(text)
        // What Home Assistant itself takes for "no value".
        if trimmed.isEmpty || ScalarText.equals(trimmed, "none") || ScalarText.equals(trimmed, "unknown")
            || ScalarText.equals(trimmed, "unavailable")
        {
            return
        }
        if value.isBinary {
            if trimmed.elementsEqual(value.payloadOn.utf8) || trimmed.elementsEqual(value.payloadOff.utf8) {
                let isOn = trimmed.elementsEqual(value.payloadOn.utf8)
                return batch.append(Reading(value.metric, .flag(isOn), quality: message.quality))
            }
        } else if let number = ScalarText.number(trimmed) {
            return append(number, value, message, into: &batch, &effects)
        }
        if ScalarText.isNotFinite(trimmed) { return effects.drop(.valueNotFinite) }
        guard trimmed.count <= TelemetryDecoder.textByteCountMax, ForeignName.isUTF8(trimmed) else {
            return effects.drop(.valueNotStorable)
        }
        batch.append(
            Reading(
                value.metric, .text(String(decoding: trimmed, as: UTF8.self)), unit: value.unit,
                quality: message.quality))
    }

    private func append(
        _ number: Double, _ value: DiscoveredTopic.Value, _ message: TopicMessage, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) {
        let result = value.template.apply(to: number)
        guard result.magnitude < TelemetryDecoder.magnitudeMax else { return effects.drop(.numberOutOfRange) }
        let quality: Quality = value.isRaw && message.quality == .ok ? .warn : message.quality
        batch.append(Reading(value.metric, .number(result), unit: value.unit, quality: quality))
    }
}
