internal import Crypto
public import JSONText

/// ChirpStack v4 over MQTT: the JSON of `application/{id}/device/{eui}/event/{name}` and of `…/command/down`
/// (chirpstack, api/proto/integration). Early builds leave out what is zero, nested messages still do.
public enum ChirpStackEvent {
    /// The parts of a topic that say what an event is about.
    public struct Topic: Sendable, Equatable {
        public var application: String
        public var device: LoRaEUI
        /// `up` … or `down` for a command.
        public var name: String
        public var isCommand: Bool

        /// Nil if this is none of ChirpStack's topics for devices.
        public init?(_ topic: UnsafeBufferPointer<UInt8>) {
            let levels = topic.split(separator: UInt8(ascii: "/"), maxSplits: 6, omittingEmptySubsequences: false)
            guard levels.count == 6, levels[0].elementsEqual("application".utf8),
                levels[2].elementsEqual("device".utf8),
                let device = LoRaEUI(utf8: levels[3]), !levels[1].isEmpty, levels[1].count <= 64
            else { return nil }
            isCommand = levels[4].elementsEqual("command".utf8)
            guard isCommand || levels[4].elementsEqual("event".utf8), (1...32).contains(levels[5].count),
                let application = String(validating: levels[1], as: UTF8.self),
                let name = String(validating: levels[5], as: UTF8.self)
            else { return nil }
            self.application = application
            self.device = device
            self.name = name
        }
    }

    /// Whether this is the binary form, which the server can be set to and the topic does not tell.
    public static func isProtobuf(_ payload: UnsafeRawBufferPointer) -> Bool {
        guard let first = payload.first else { return false }
        // Every event begins with field 1: a number, a text or an embedded message. JSON may begin with a line feed.
        if first == 0x08 || first == 0x12 { return true }
        guard first == 0x0A, payload.count > 1 else { return false }
        return ![UInt8(ascii: "{"), 0x09, 0x0A, 0x0D, 0x20].contains(payload[1])
    }

    /// Reads one event. `topic` may be missing: then the event is known by its members.
    public static func decode(_ root: JSONValue, topic: Topic?) throws(LoRaError) -> NetworkEvent {
        guard root.isObject else { throw LoRaError(.notAnObject) }
        let device = root["deviceInfo"]
        guard let name = topic?.name ?? guess(root) else { throw LoRaError(.unknownEvent) }
        var event = NetworkEvent(
            server: .chirpStack, name: name, kind: .other,
            deviceEUI: NetworkValue.eui(device?["devEui"] ?? root["devEui"]) ?? topic?.device,
            deviceName: NetworkValue.text(device?["deviceName"]),
            application: NetworkValue.text(device?["applicationId"]) ?? topic?.application,
            time: NetworkValue.time(root["time"]), root: root)
        // An event of another device than the topic names is nobody's.
        if let named = topic?.device, event.deviceEUI != named { throw LoRaError(.unknownDevice) }
        if let id = root["deduplicationId"]?.utf8, id.count <= 64 { event.id = id }
        event.kind = try kind(name, root, isCommand: topic?.isCommand ?? (name == "down"))
        return event
    }

    private static func kind(
        _ name: String, _ root: JSONValue, isCommand: Bool
    ) throws(LoRaError) -> NetworkEvent.Kind {
        if isCommand { return .command }
        switch name {
        case "up": return .uplink(try uplink(root))
        case "join": return .join(address: NetworkValue.text(root["devAddr"]))
        case "ack", "txack":
            let isAcknowledged = root["acknowledged"]?.bool ?? false
            let stage: DownlinkProgress.Stage =
                name == "txack" ? .sent : isAcknowledged ? .acknowledged : .refused("not acknowledged by the device")
            return .downlink(
                DownlinkProgress(
                    stage: stage, commandID: NetworkValue.text(root["queueItemId"]),
                    counter: NetworkValue.counter(root["fCntDown"])))
        case "status":
            let isUnknown = root["batteryLevelUnavailable"]?.bool ?? false
            let level = root["batteryLevel"]?.double ?? 0
            let isExternal = root["externalPowerSource"]?.bool ?? false
            // A device on external power has no level, which is left out or zero: its battery is not empty.
            let hasLevel = !isUnknown && !(isExternal && level == 0) && (0...100).contains(level)
            return .status(
                DeviceStatus(
                    margin: root["margin"]?.double ?? 0, hasExternalPower: isExternal,
                    batteryLevel: hasLevel ? level : nil))
        case "log": return log(root)
        case "location":
            guard let place = root["location"].flatMap({ DeviceLocation($0) }) else { throw LoRaError(.missingField) }
            return .location(place)
        case "integration": return .other
        default: throw LoRaError(.unknownEvent)
        }
    }

    /// What the server says when a downlink of ours cannot be sent, too.
    private static func log(_ root: JSONValue) -> NetworkEvent.Kind {
        let code = NetworkValue.text(root["code"]) ?? "UNKNOWN"
        let text = NetworkValue.text(root["description"], byteCountMax: 1_024) ?? ""
        let item = NetworkValue.text(root["context"]?["queue_item_id"])
        if let item, code == "EXPIRED" || code == "DOWNLINK_PAYLOAD_SIZE" || code == "DOWNLINK_GATEWAY" {
            return .downlink(
                DownlinkProgress(stage: .refused("\(code): \(text)"), commandID: item, counter: 0))
        }
        // Level 0 is INFO, and left out by early builds.
        return .log(
            level: NetworkValue.text(root["level"]) ?? "INFO", code: code, text: text, context: root["context"])
    }

    private static let uplinkMembers: [StaticString] = [
        "rxInfo", "data", "object", "devAddr", "fCnt", "fPort", "txInfo",
    ]

    private static func uplink(_ root: JSONValue) throws(LoRaError) -> NetworkUplink {
        // What is zero may be left out, but not all of it at once: a packet has been heard by somebody, or holds something.
        guard Self.uplinkMembers.contains(where: { root[$0] != nil }) else { throw LoRaError(.missingField) }
        var uplink = NetworkUplink()
        uplink.counter = NetworkValue.counter(root["fCnt"])
        uplink.port = NetworkValue.port(root["fPort"])
        uplink.isConfirmed = root["confirmed"]?.bool ?? false
        uplink.hasADR = root["adr"]?.bool ?? false
        uplink.payload = try NetworkValue.payload(root["data"])
        if let object = root["object"], object.isObject { uplink.fields = object }
        uplink.isEncrypted = root["joinServerContext"]?.isObject ?? false
        root["rxInfo"]?.forEachElement { reception in
            guard uplink.receptions.count < 64 else { return }
            uplink.receptions.append(
                NetworkValue.reception(
                    reception, of: NetworkValue.text(reception["gatewayId"], byteCountMax: 64) ?? ""))
            uplink.gatewayTime = uplink.gatewayTime ?? NetworkValue.time(reception["gwTime"] ?? reception["time"])
        }
        uplink.radio = radio(root["txInfo"])
        return uplink
    }

    static func radio(_ value: JSONValue?) -> RadioSetting {
        let modulation = value?["modulation"] ?? value
        let lora = modulation?["lora"]
        var radio = RadioSetting()
        radio.modulation = NetworkValue.lora(lora, bandwidth: "bandwidth", factor: "spreadingFactor")
        if let rate = NetworkValue.integer(modulation?["fsk"]?["datarate"]).flatMap({ Int(exactly: $0) }), rate > 0 {
            radio.modulation = .fsk(bitRate: rate)
        }
        radio.frequencyHertz = NetworkValue.number(value?["frequency"])
        if let rate = NetworkValue.text(lora?["codeRate"], byteCountMax: 16) {
            // `CR_4_5`, or `4/5` of early builds.
            radio.codingRate = rate.hasPrefix("CR_") ? String(rate.dropFirst(3).map { $0 == "_" ? "/" : $0 }) : rate
        }
        return radio
    }

    /// The event whose members these are; nil if they are none's.
    private static func guess(_ root: JSONValue) -> String? {
        if root["deviceInfo"] == nil {
            return root["devEui"] != nil && (root["data"] != nil || root["object"] != nil) ? "down" : nil
        }
        if root["downlinkId"] != nil || (root["gatewayId"] != nil && root["queueItemId"] != nil) { return "txack" }
        if root["queueItemId"] != nil { return "ack" }
        if root["rxInfo"] != nil || root["txInfo"] != nil || root["data"] != nil { return "up" }
        if root["level"] != nil || root["code"] != nil { return "log" }
        if root["integrationName"] != nil || root["eventType"] != nil { return "integration" }
        if root["location"] != nil { return "location" }
        if root["margin"] != nil || root["batteryLevel"] != nil || root["batteryLevelUnavailable"] != nil {
            return "status"
        }
        if root["fCnt"] != nil || root["dr"] != nil { return "up" }
        return root["devAddr"] != nil ? "join" : nil
    }

    /// A downlink for `…/command/down`; the server keeps `id` with it and gives it back in its answers.
    public static func downlink(
        id: String, device: LoRaEUI, port: UInt8, payload: [UInt8], isConfirmed: Bool
    ) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("id")
        writer.string(id)
        writer.key("devEui")
        writer.string(device.description)
        writer.key("confirmed")
        writer.bool(isConfirmed)
        writer.key("fPort")
        writer.unsigned(port)
        writer.key("data")
        writer.string(Base64.encode(payload))
        writer.endObject()
        return writer.text
    }
}
