public import GatewayModel
internal import Crypto
internal import JSONText

/// Decodes what devices publish: the topic and payload families of the field reference, section 5.
///
/// One decoder serves one thread. For names and topics seen before, plain telemetry is decoded without allocation.
public struct TopicDecoder {
    /// Larger payloads are refused: 256 KiB.
    public static let byteCountMax = 256 << 10

    /// Values that were left out of the message decoded last although the rest was taken: the first reason.
    public internal(set) var dropped: RejectReason?
    /// The negative ack for the message decoded last, if it was rejected and its device can use one.
    public private(set) var refusal: ReplayAck?
    /// What families want done since it was taken last.
    private var effects = TopicEffects()
    private var families: [any TopicFamily]
    private var numbers = TopicNumbers()

    let policy: (DeviceName) -> SignaturePolicy
    let parser = JSONParser(byteCountMax: TopicDecoder.byteCountMax)
    var telemetry = TelemetryDecoder()

    /// `policy` gives a device's public key and whether it must sign; it is asked for every message, so it is quick.
    /// `families`, at most 32, are asked in their order for topics that are not the gateway's own.
    public init(policy: @escaping (DeviceName) -> SignaturePolicy, families: [any TopicFamily] = []) {
        precondition(families.count <= TopicNumbers.Families.bitWidth, "a set of families has 32 bits")
        self.policy = policy
        self.families = families
    }

    /// `keys` gives a device's public key (32 bytes) if it is known; nothing is required to be signed.
    public init(keys: @escaping (DeviceName) -> [UInt8]?) {
        self.init(policy: { SignaturePolicy(publicKey: keys($0)) })
    }

    /// Decodes one message. What it appends to `batch` is complete or nothing.
    public mutating func decode(
        topic: UnsafeBufferPointer<UInt8>, payload: UnsafeRawBufferPointer, retained: Bool, received: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> Verdict {
        dropped = nil
        refusal = nil
        guard let route = TopicRoute(topic) else {
            return claimed(topic, payload, isRetained: retained, received, into: &batch)
        }
        guard let device = Self.device(route.device) else {
            let isName = DeviceID.isValid(route.device) && ForeignName.isUTF8(route.device)
            return .rejected(reason: isName ? .tooManyNames : .badDeviceID, device: nil)
        }
        guard payload.count <= Self.byteCountMax else { return .rejected(reason: .tooLarge, device: device) }
        var message = Message(device: device, payload: payload, isRetained: retained, received: received)
        do throws(RejectReason) {
            return try decode(route.kind, &message, into: &batch)
        } catch {
            batch.discardReadings()
            return .rejected(reason: error, device: device)
        }
    }

    /// As above, for callers that hold arrays: HTTP ingest, tests, tools.
    public mutating func decode(
        topic: String, payload: [UInt8], retained: Bool = false, received: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> Verdict {
        var topic = topic
        return topic.withUTF8 { topic in
            payload.withUnsafeBytes { payload in
                decode(topic: topic, payload: payload, retained: retained, received: received, into: &batch)
            }
        }
    }

    /// What families want done because of the messages decoded since the last call; nil if nothing.
    public mutating func takeEffects() -> TopicEffects? {
        guard !effects.isEmpty else { return nil }
        defer { effects.removeAll() }
        return effects
    }

    /// The family of this kind, as it is now.
    func family<Family: TopicFamily>(_: Family.Type) -> Family? { families.lazy.compactMap { $0 as? Family }.first }

    /// A connection to the broker has begun.
    public mutating func begin(isResumed: Bool, at now: ReceiveTime) {
        for index in families.indices { families[index].begin(isResumed: isResumed, at: now, effects: &effects) }
    }

    private mutating func claimed(
        _ topic: UnsafeBufferPointer<UInt8>, _ payload: UnsafeRawBufferPointer, isRetained: Bool,
        _ received: ReceiveTime, into batch: inout ObservationBatch
    ) -> Verdict {
        guard !families.isEmpty else { return .unclaimed }
        guard payload.count <= Self.byteCountMax else { return .rejected(reason: .tooLarge, device: nil) }
        let hash = PayloadHash.of(UnsafeRawBufferPointer(topic))
        let number = numbers.number(of: topic, hash: hash)
        let message = TopicMessage(
            topic: topic, hash: hash, number: number, payload: payload, isRetained: isRetained, received: received,
            parser: parser)
        let (observationCount, noteCount) = (batch.observations.count, batch.notes.count)
        do throws(RejectReason) {
            let verdict = try ask(message, number, into: &batch)
            dropped = effects.dropped
            effects.dropped = nil
            // No convention signs.
            for index in observationCount..<batch.observations.count {
                let device = batch.observations[index].device
                guard policy(device).isRequired else { continue }
                batch.discard(observationsFrom: observationCount, notesFrom: noteCount)
                return .rejected(reason: .signatureRequired, device: device)
            }
            return verdict
        } catch {
            batch.discardReadings()
            effects.dropped = nil
            return .rejected(reason: error, device: nil)
        }
    }

    /// Asks the families in turn, but for those that have said before that the topic is none of theirs.
    private mutating func ask(
        _ message: TopicMessage, _ number: TopicNumbers.Number, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        var left = numbers.families(of: number)
        while left.trailingZeroBitCount < families.count {
            let family = left.trailingZeroBitCount
            left &= left - 1
            switch try families[family].decode(message, into: &batch, effects: &effects) {
            case nil: numbers.exclude(family, from: number)
            case .unclaimed: continue
            case let verdict?: return verdict
            }
        }
        return .unclaimed
    }

    struct Message {
        let device: DeviceName
        let payload: UnsafeRawBufferPointer
        let isRetained: Bool
        let received: ReceiveTime
        var flags: RecordFlags = []

        var quality: Quality { isRetained ? .old : .ok }

        func observation() -> Observation {
            var observation = Observation(device: device, received: received, source: .mqtt)
            observation.flags = flags
            if isRetained { observation.flags.insert(.retained) }
            observation.payloadHash = PayloadHash.of(payload)
            return observation
        }
    }

    private mutating func decode(
        _ kind: TopicRoute.Kind, _ message: inout Message, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        switch kind {
        case .telemetry, .envelope:
            if let first = message.payload.first, (0xA8...0xBF).contains(first) {
                return try envelope(&message, into: &batch)
            }
            return try readings(&message, into: &batch)
        case .event: return try note(message, kind: "device_event", into: &batch)
        case .other: return try note(message, kind: "device_state", into: &batch)
        case .presence, .status, .heartbeat:
            let value = try parse(message.payload)
            guard value.isObject || value.string != nil else { throw .malformedJSON }
            var presence = DevicePresence(value, of: message.device, isAlive: kind == .heartbeat)
            // The broker says it in the device's name, by its will or from its memory: the device was not heard.
            presence.isOld = message.isRetained || presence.isOnline == false
            presence.isWatched = kind == .presence && presence.isOnline != nil
            return .presence(message.device, presence)
        case .commandAck: return .commandAck(message.device, CommandAnswer(try parse(message.payload)))
        case .frames: return try frame(message, into: &batch)
        }
    }

    private mutating func readings(
        _ message: inout Message, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        let root = try parse(message.payload, mending: &message.flags)
        let policy = policy(message.device)
        let isEnvelope = root.isObject && root["hdr"] != nil
        if isEnvelope {
            try check(root, policy, &message)
        } else if policy.isRequired {
            throw .signatureRequired
        }
        let facts = try telemetry.decode(
            root, of: message.device, received: message.received, quality: message.quality, into: &batch)
        // An envelope without values is a heartbeat that its device wants acknowledged.
        guard !batch.openReadings.isEmpty || isEnvelope else { throw facts.dropped ?? dropped ?? .noReadings }
        dropped = dropped ?? facts.dropped
        var observation = message.observation()
        observation.deviceSeq = facts.seq.flatMap { UInt32(exactly: $0) }
        observation.bootEvidence = facts.bootEvidence
        observation.deviceTime = facts.deviceTime
        batch.append(observation, messageID: facts.messageID)
        guard let seq = facts.seq, !facts.messageID.isEmpty else {
            return .observation(message.device, replayAck: nil)
        }
        var ack = ReplayAck(
            device: message.device, messageID: String(decoding: facts.messageID, as: UTF8.self), seq: seq)
        if isEnvelope { ack.reportedID = root["hdr"]?["deviceId"]?.string }
        return .observation(message.device, replayAck: ack)
    }

    /// A wrong hash or signature condemns; `side_a` hashes a text that its own defect destroyed, so only a flag remains.
    private mutating func check(
        _ root: JSONValue, _ policy: SignaturePolicy, _ message: inout Message
    ) throws(RejectReason) {
        if message.flags.contains(.repaired) {
            if policy.isRequired { throw .signatureRequired }
            message.flags.insert(.hashInvalid)
            return
        }
        if isForeign(root["hdr"]?["deviceId"]?.string, to: message.device) { throw .foreignEnvelope }
        do throws(JSONEnvelopeError) {
            let integrity = try JSONEnvelope.verify(root, publicKey: policy.publicKey, demand: .whatIsThere)
            try accept(integrity, policy, &message)
        } catch {
            let reason = RejectReason(error)
            if let id = root["hdr"]?["msgId"]?.string, let seq = root["seq"]?.uint64 {
                refusal = ReplayAck(
                    device: message.device, messageID: id, seq: seq, isAccepted: false, reason: error.code)
                refusal?.reportedID = root["hdr"]?["deviceId"]?.string
            }
            throw reason
        }
    }

    private func accept(
        _ integrity: EnvelopeIntegrity, _ policy: SignaturePolicy, _ message: inout Message
    ) throws(JSONEnvelopeError) {
        if integrity.signature == .valid {
            message.flags.insert(.signatureValid)
        } else if policy.isRequired {
            throw .noDeviceKey
        }
    }

    private mutating func envelope(
        _ message: inout Message, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        let envelope: MycoEnvelope
        do throws(MycoEnvelopeError) { envelope = try MycoEnvelope.decode(message.payload) } catch {
            throw RejectReason(error)
        }
        var ack = ReplayAck(
            device: message.device, messageID: UUIDText.text(of: envelope.messageID) ?? "", seq: UInt64(envelope.seq))
        ack.reportedID = envelope.deviceID
        let policy = policy(message.device)
        let integrity = envelope.integrity(publicKey: policy.publicKey)
        let reason: RejectReason? =
            if isForeign(envelope.deviceID, to: message.device) {
                .foreignEnvelope
            } else if integrity.hash == .invalid { .hashMismatch } else if integrity.signature == .invalid {
                .badSignature
            } else if policy.isRequired, integrity.signature != .valid { .signatureRequired } else { nil }
        if let reason {
            ack.isAccepted = false
            ack.reason = reason.name
            refusal = ack
            throw reason
        }
        if integrity.signature == .valid { message.flags.insert(.signatureValid) }
        try append(envelope, message, into: &batch)
        return .observation(message.device, replayAck: ack)
    }

    /// Whether an envelope is of a device that signs its own, and not of the one it was published for. Other ids say
    /// nothing: `side_a` boards all report the same.
    private func isForeign(_ id: String?, to device: DeviceName) -> Bool {
        guard let id = id.flatMap({ DeviceID($0) }), let named = DeviceName(id), named != device else { return false }
        return policy(named).publicKey != nil
    }

    private mutating func append(
        _ envelope: MycoEnvelope, _ message: Message, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        for item in envelope.readings {
            guard let metric = EnvelopeCodes.metric(item.id, by: message.device) else {
                dropped = dropped ?? .tooManyNames
                continue
            }
            let quality = message.isRetained ? .old : Quality(rawValue: item.quality) ?? .ok
            let unit = EnvelopeCodes.unit(item.unit, by: message.device)
            if unit == nil { dropped = dropped ?? .unitNotStorable }
            batch.append(Reading(metric, .number(item.value), unit: unit ?? .none, quality: quality))
        }
        if let place = envelope.place, !EnvelopePlace(place).append(quality: message.quality, to: &batch) {
            dropped = dropped ?? .numberOutOfRange
        }
        BSECAccuracy.heed(in: &batch)
        var observation = message.observation()
        observation.deviceSeq = envelope.seq
        observation.deviceTime = DeviceTime.judged(envelope.milliseconds, received: message.received)
        observation.bootEvidence =
            Int64(exactly: envelope.monotonicMilliseconds)
            .map { .uptime(milliseconds: $0) } ?? .none
        let id = Array((UUIDText.text(of: envelope.messageID) ?? "").utf8)
        id.withUnsafeBufferPointer { batch.append(observation, messageID: $0) }
    }

    private mutating func note(
        _ message: Message, kind: String, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        if policy(message.device).isRequired { throw .signatureRequired }
        let value = try parse(message.payload)
        guard value.isObject else { throw .malformedJSON }
        batch.append(
            Note(.events, kind: kind, device: message.device.id, body: JSON(value).text, received: message.received))
        return .note
    }

    func parse(_ payload: UnsafeRawBufferPointer) throws(RejectReason) -> JSONValue {
        do throws(JSONError) { return try parser.parse(payload) } catch { throw RejectReason(error) }
    }

    /// Parses, mending the two defects that are known.
    private mutating func parse(
        _ payload: UnsafeRawBufferPointer, mending flags: inout RecordFlags
    ) throws(RejectReason) -> JSONValue {
        do throws(JSONError) { return try parser.parse(payload) } catch {
            guard error == .malformed else { throw RejectReason(error) }
        }
        flags.insert(.repaired)
        // A text may end as side_a's does and be broken elsewhere too: then the other defect is tried.
        if let text = SideATelemetryRepair.repaired(payload), let value = try? parse(text) { return value }
        guard let text = NonFiniteRepair.repaired(payload) else { throw .malformedJSON }
        dropped = .valueNotFinite
        return try parse(text)
    }

    /// The parser keeps a copy, so the value outlives `text`.
    private func parse(_ text: [UInt8]) throws(RejectReason) -> JSONValue {
        let parsed = text.withUnsafeBytes { bytes -> Result<JSONValue, JSONError> in
            do throws(JSONError) { return .success(try parser.parse(bytes)) } catch { return .failure(error) }
        }
        do throws(JSONError) { return try parsed.get() } catch { throw RejectReason(error) }
    }

    private static func device(_ name: UnsafeBufferPointer<UInt8>) -> DeviceName? {
        ForeignName.isUTF8(name) ? DeviceName(utf8: name) : nil
    }
}
