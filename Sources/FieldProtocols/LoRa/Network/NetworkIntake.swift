internal import Crypto
internal import GatewayModel
internal import JSONText

/// Puts the events of a network server into a batch: the same for both.
struct NetworkIntake {
    private let naming: LoRaNaming
    private let parser = JSONParser(byteCountMax: TopicDecoder.byteCountMax)
    private var payloads: PayloadReadings
    /// Devices whose way back is known to the registry in this run.
    private var told: Set<DeviceName> = []
    /// Devices that have joined since their last uplink: they count anew.
    private var joined: Set<DeviceName> = []
    private var sessions: [DeviceName: UInt64] = [:]

    init(naming: LoRaNaming, profile: @escaping PayloadReadings.ProfileCodec) {
        self.naming = naming
        payloads = PayloadReadings(profile: profile)
    }

    /// Takes a message that `decode` makes an event of.
    mutating func take(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects,
        _ decode: (JSONValue) throws(LoRaError) -> NetworkEvent
    ) throws(RejectReason) -> Verdict {
        let root: JSONValue
        do throws(JSONError) { root = try parser.parse(message.payload) } catch { throw RejectReason(error) }
        let event: NetworkEvent
        do throws(LoRaError) { event = try decode(root) } catch { throw RejectReason(error) }
        return try take(event, message, into: &batch, effects: &effects)
    }

    /// What a network server tells of a gateway.
    enum GatewayWord { case statistics, connection }

    /// Takes a word on a gateway.
    mutating func take(
        _ word: GatewayWord, of eui: LoRaEUI, _ message: TopicMessage, into batch: inout ObservationBatch,
        effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict {
        let root: JSONValue
        do throws(JSONError) { root = try parser.parse(message.payload) } catch { throw RejectReason(error) }
        guard root.isObject else { throw RejectReason(LoRaError(.notAnObject)) }
        guard let device = naming.gateway(eui) else { throw .tooManyNames }
        var presence = DevicePresence()
        presence.role = "lora-gateway"
        presence.isOld = message.isRetained
        switch word {
        case .connection:
            // OFFLINE is zero, and may be left out.
            presence.isOnline = NetworkValue.text(root["state"], byteCountMax: 16) == "ONLINE"
        case .statistics:
            presence.isOnline = message.isRetained ? nil : true
            let statistics = GatewayStatistics(chirpStack: root)
            GatewayReadings.append(statistics, quality: message.quality, to: &batch)
            var observation = message.observation(of: device)
            observation.source = .lora
            if let time = statistics.time {
                observation.deviceTime = DeviceTime.judged(time, received: message.received)
            }
            batch.append(observation)
        }
        effects.tell(device, presence)
        return .taken
    }

    private mutating func take(
        _ event: NetworkEvent, _ message: TopicMessage, into batch: inout ObservationBatch,
        effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict {
        let named = event.deviceEUI.map { naming.device($0) } ?? event.deviceName.map { naming.device(named: $0) }
        guard let device = named else { throw .noReadings }
        guard let device else { throw .tooManyNames }
        switch event.kind {
        case .command: return .taken
        case .uplink(let uplink):
            try append(uplink, event, device, message, &batch, &effects)
        case .join(let address):
            if joined.count < DeviceName.countMax { joined.insert(device) }
            note("lora_join", event, device, message, &batch) { body in
                if let address { body.member("dev_addr", address) }
            }
        case .downlink(let progress): return answer(progress, event, device, message, &batch)
        case .status(let status):
            append(status, message.quality, &batch)
            close(event, device, message, &batch)
        case .location(let place):
            PlaceReadings.append(place, quality: message.quality, to: &batch)
            close(event, device, message, &batch)
        case .log(let level, let code, let text, let context):
            note("lora_log", event, device, message, &batch) { body in
                body.member("level", level)
                body.member("code", code)
                body.member("description", text)
                if let context, context.count > 0 { body.content(context, as: "context") }
            }
        case .other: note("lora_event", event, device, message, &batch) { $0.content(event.root) }
        }
        tell(event, device, &effects)
        return .taken
    }

    private mutating func append(
        _ uplink: NetworkUplink, _ event: NetworkEvent, _ device: DeviceName, _ message: TopicMessage,
        _ batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let quality = message.quality
        if uplink.isEncrypted {
            if !uplink.payload.isEmpty { payloads.appendBytes(uplink.payload, quality, to: &batch) }
        } else if uplink.port > 0 || uplink.fields != nil {
            _ = try payloads.append(
                uplink.payload, fields: uplink.fields, port: uplink.port, device: device,
                profileName: NetworkValue.text(event.root["deviceInfo"]?["deviceProfileName"]), quality: quality,
                received: message.received, to: &batch)
            if let dropped = payloads.dropped { effects.drop(dropped) }
        }
        SignalReadings.append(uplink.receptions, uplink.radio, quality: quality, to: &batch)
        var observation = observation(event, device, message)
        observation.deviceSeq = uplink.counter
        if uplink.isSimulated { observation.flags.insert(.placeholder) }
        if let time = uplink.gatewayTime ?? event.time {
            observation.deviceTime = DeviceTime.judged(time, received: message.received)
        }
        if hasRestarted(device, uplink) { observation.bootEvidence = .announced }
        append(observation, event, to: &batch)
    }

    private mutating func hasRestarted(_ device: DeviceName, _ uplink: NetworkUplink) -> Bool {
        let hasJoined = joined.remove(device) != nil
        guard let session = uplink.session else { return hasJoined }
        let before = sessions[device]
        if before != nil || sessions.count < DeviceName.countMax { sessions[device] = session }
        return hasJoined || (before != nil && before != session)
    }

    private func append(_ status: DeviceStatus, _ quality: Quality, _ batch: inout ObservationBatch) {
        if let level = status.batteryLevel {
            batch.append(Reading(Self.battery, .number(level), unit: .percent, quality: quality))
        }
        batch.append(Reading(Self.margin, .number(status.margin), unit: SignalReadings.decibel, quality: quality))
        batch.append(Reading(Self.externalPower, .flag(status.hasExternalPower), quality: quality))
    }

    private func answer(
        _ progress: DownlinkProgress, _ event: NetworkEvent, _ device: DeviceName, _ message: TopicMessage,
        _ batch: inout ObservationBatch
    ) -> Verdict {
        guard let id = progress.commandID else {
            note("lora_downlink", event, device, message, &batch) { $0.member("stage", "\(progress.stage.name)") }
            return .taken
        }
        var answer: CommandAnswer
        switch progress.stage {
        case .queued: return .taken
        case .sent:
            answer = CommandAnswer(requestID: id, isOK: true, result: "sent, counter \(progress.counter)")
            answer.isTransmissionOnly = true
        case .acknowledged:
            answer = CommandAnswer(requestID: id, isOK: true, result: "acknowledged, counter \(progress.counter)")
        case .refused(let reason): answer = CommandAnswer(requestID: id, isOK: false, result: reason)
        }
        answer.networkServer = event.server.rawValue
        return .commandAck(device, answer)
    }

    // MARK: - Records

    private func observation(_ event: NetworkEvent, _ device: DeviceName, _ message: TopicMessage) -> Observation {
        var observation = message.observation(of: device)
        observation.source = .lora
        return observation
    }

    private func append(_ observation: Observation, _ event: NetworkEvent, to batch: inout ObservationBatch) {
        batch.append(observation, messageID: event.id)
    }

    private func close(
        _ event: NetworkEvent, _ device: DeviceName, _ message: TopicMessage, _ batch: inout ObservationBatch
    ) {
        var observation = observation(event, device, message)
        if let time = event.time { observation.deviceTime = DeviceTime.judged(time, received: message.received) }
        append(observation, event, to: &batch)
    }

    private func note(
        _ kind: String, _ event: NetworkEvent, _ device: DeviceName, _ message: TopicMessage,
        _ batch: inout ObservationBatch, _ fill: (inout NetworkNote) -> Void
    ) {
        var body = NetworkNote(server: event.server, name: event.name)
        fill(&body)
        batch.append(
            Note(.events, kind: kind, device: device.id, body: body.text, received: message.received))
    }

    /// Where the device can be answered, once in a run and whenever it has moved.
    private mutating func tell(_ event: NetworkEvent, _ device: DeviceName, _ effects: inout TopicEffects) {
        guard let application = event.application, told.insert(device).inserted else { return }
        var presence = DevicePresence()
        presence.displayName = event.deviceName
        presence.attributes[DownlinkAttribute.server] = event.server.rawValue
        if let eui = event.deviceEUI { presence.attributes[DownlinkAttribute.deviceEUI] = eui.description }
        switch event.server {
        case .chirpStack:
            guard let eui = event.deviceEUI else { return }
            presence.attributes[DownlinkAttribute.topic] = "application/\(application)/device/\(eui)/command/down"
        case .theThingsStack:
            guard let name = event.deviceName else { return }
            presence.attributes[DownlinkAttribute.topic] = "v3/\(application)/devices/\(name)/down/push"
        }
        effects.tell(device, presence)
    }

    private static let battery = MetricName(known: "battery_level")
    private static let margin = MetricName(known: "lora.margin")
    private static let externalPower = MetricName(known: "external_power")
}

/// The particulars of an event of a network server.
struct NetworkNote {
    private var writer = JSONWriter()

    init(server: NetworkEvent.Server, name: String) {
        writer.beginObject()
        member("server", server.rawValue)
        member("event", name)
    }

    mutating func member(_ key: String, _ value: String) {
        writer.key(key)
        writer.string(value)
    }

    /// A part of the event, or all of it, as it came, if it is not too long for an event of ours.
    mutating func content(_ value: JSONValue, as key: String = "content") {
        let text = JSON(value).text
        guard text.utf8.count <= 8_192 else { return }
        writer.key(key)
        writer.raw(text)
    }

    var text: String {
        var whole = writer
        whole.endObject()
        return whole.text
    }
}

extension DownlinkProgress.Stage {
    /// One word for people.
    var name: String {
        switch self {
        case .queued: "queued"
        case .sent: "sent"
        case .acknowledged: "acknowledged"
        case .refused(let reason): "refused: \(reason)"
        }
    }
}
