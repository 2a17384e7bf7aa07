internal import Crypto
internal import GatewayModel
public import JSONText

/// The Things Stack v3 over MQTT: the JSON of `v3/{application}@{tenant}/devices/{device}/{name}` (lorawan-stack-docs, data
/// formats). What is zero, empty or false is left out.
public enum ThingsStackEvent {
    /// The parts of a topic that say what an event is about.
    public struct Topic: Sendable, Equatable {
        /// With its tenant, as it stands in topics: `app1@tenant1`.
        public var application: String
        public var device: String
        /// `up`, `join`, `down/ack` …
        public var name: String

        /// Nil if this is none of its topics for devices.
        public init?(_ topic: UnsafeBufferPointer<UInt8>) {
            let levels = topic.split(separator: UInt8(ascii: "/"), maxSplits: 6, omittingEmptySubsequences: false)
            guard (5...6).contains(levels.count), levels[0].elementsEqual("v3".utf8),
                levels[2].elementsEqual("devices".utf8), (1...128).contains(levels[1].count),
                (1...64).contains(levels[3].count), !levels[4].isEmpty,
                let application = String(validating: levels[1], as: UTF8.self),
                let device = String(validating: levels[3], as: UTF8.self),
                let name = String(validating: levels[4...].joined(separator: [UInt8(ascii: "/")]), as: UTF8.self),
                name.utf8.count <= 32
            else { return nil }
            self.application = application
            self.device = device
            self.name = name
        }
    }

    /// Marks our ids among the correlation ids of a downlink.
    static let commandPrefix = "mycogate:"

    /// Reads one event. `topic` may be missing: then the event is known by its members.
    public static func decode(_ root: JSONValue, topic: Topic?) throws(LoRaError) -> NetworkEvent {
        guard root.isObject else { throw LoRaError(.notAnObject) }
        guard let name = topic?.name ?? guess(root) else { throw LoRaError(.unknownEvent) }
        let ids = root["end_device_ids"]
        var event = NetworkEvent(
            server: .theThingsStack, name: name, kind: .other, deviceEUI: NetworkValue.eui(ids?["dev_eui"]),
            deviceName: NetworkValue.text(ids?["device_id"]) ?? topic?.device,
            application: topic?.application ?? NetworkValue.text(ids?["application_ids"]?["application_id"]),
            time: NetworkValue.time(root["received_at"]), root: root)
        if let named = topic?.device, event.deviceName != named { throw LoRaError(.unknownDevice) }
        event.kind = try kind(name, root)
        return event
    }

    private static func kind(_ name: String, _ root: JSONValue) throws(LoRaError) -> NetworkEvent.Kind {
        switch name {
        case "up":
            guard let message = root["uplink_message"] else { throw LoRaError(.missingField) }
            var uplink = try uplink(message)
            uplink.isSimulated = root["simulated"]?.bool ?? false
            return .uplink(uplink)
        case "join":
            guard root["join_accept"] != nil else { throw LoRaError(.missingField) }
            return .join(address: NetworkValue.text(root["end_device_ids"]?["dev_addr"]))
        case "down/queued": return .downlink(progress(.queued, root["downlink_queued"], root))
        case "down/sent": return .downlink(progress(.sent, root["downlink_sent"], root))
        case "down/ack": return .downlink(progress(.acknowledged, root["downlink_ack"], root))
        case "down/nack":
            return .downlink(progress(.refused("not acknowledged by the device"), root["downlink_nack"], root))
        case "down/failed":
            let failed = root["downlink_failed"]
            let reason = NetworkValue.text(failed?["error"]?["message_format"]) ?? "failed"
            return .downlink(progress(.refused(reason), failed?["downlink"], root))
        case "location/solved":
            let place = root["location_solved"]?["location"].flatMap { DeviceLocation($0) }
            guard let place else { throw LoRaError(.missingField) }
            return .location(place)
        case "service/data", "up/normalized": return .other
        case "down/push", "down/replace":
            guard root["downlinks"]?.isArray == true else { throw LoRaError(.missingField) }
            return .command
        default: throw LoRaError(.unknownEvent)
        }
    }

    private static func uplink(_ message: JSONValue) throws(LoRaError) -> NetworkUplink {
        var uplink = NetworkUplink()
        uplink.counter = NetworkValue.counter(message["f_cnt"])
        uplink.port = NetworkValue.port(message["f_port"])
        uplink.isConfirmed = message["confirmed"]?.bool ?? false
        uplink.payload = try NetworkValue.payload(message["frm_payload"])
        if let fields = message["decoded_payload"], fields.isObject { uplink.fields = fields }
        // Applications that keep their key to themselves get what was on the air.
        uplink.isEncrypted = message["app_s_key"]?.isObject ?? false
        message["rx_metadata"]?.forEachElement { reception in
            guard uplink.receptions.count < 64 else { return }
            let ids = reception["gateway_ids"]
            uplink.receptions.append(
                NetworkValue.reception(
                    reception,
                    of: NetworkValue.eui(ids?["eui"])?.description
                        ?? NetworkValue.text(ids?["gateway_id"], byteCountMax: 64) ?? ""))
            uplink.gatewayTime = uplink.gatewayTime ?? NetworkValue.time(reception["time"])
        }
        let settings = message["settings"]
        let lora = settings?["data_rate"]?["lora"]
        uplink.radio.modulation = NetworkValue.lora(lora, bandwidth: "bandwidth", factor: "spreading_factor")
        if let rate = NetworkValue.integer(settings?["data_rate"]?["fsk"]?["bit_rate"]).flatMap({ Int(exactly: $0) }) {
            uplink.radio.modulation = .fsk(bitRate: rate)
        }
        uplink.radio.frequencyHertz = NetworkValue.number(settings?["frequency"])
        uplink.radio.codingRate = NetworkValue.text(lora?["coding_rate"] ?? settings?["coding_rate"], byteCountMax: 16)
        uplink.airtime = NetworkValue.duration(message["consumed_airtime"])
        uplink.session = message["session_key_id"]?.utf8.map { PayloadHash.of(UnsafeRawBufferPointer($0)) }
        return uplink
    }

    private static func progress(
        _ stage: DownlinkProgress.Stage, _ downlink: JSONValue?, _ root: JSONValue
    ) -> DownlinkProgress {
        DownlinkProgress(
            stage: stage,
            commandID: commandID(downlink?["correlation_ids"]) ?? commandID(root["correlation_ids"]),
            counter: NetworkValue.counter(downlink?["f_cnt"]))
    }

    private static func commandID(_ ids: JSONValue?) -> String? {
        var found: String?
        ids?.forEachElement { id in
            guard found == nil, let text = NetworkValue.text(id, byteCountMax: 128), text.hasPrefix(commandPrefix)
            else { return }
            found = String(text.dropFirst(commandPrefix.count))
        }
        return found
    }

    private static func guess(_ root: JSONValue) -> String? {
        if root["uplink_message"] != nil { return "up" }
        if root["join_accept"] != nil { return "join" }
        if root["downlinks"] != nil { return "down/push" }
        if root["downlink_ack"] != nil { return "down/ack" }
        if root["downlink_nack"] != nil { return "down/nack" }
        if root["downlink_sent"] != nil { return "down/sent" }
        if root["downlink_queued"] != nil { return "down/queued" }
        if root["downlink_failed"] != nil { return "down/failed" }
        if root["location_solved"] != nil { return "location/solved" }
        return root["service_data"] != nil ? "service/data" : nil
    }

    /// A downlink for `…/down/push`; the stack gives the correlation id back in its answers.
    public static func downlink(id: String, port: UInt8, payload: [UInt8], isConfirmed: Bool) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("downlinks")
        writer.beginArray()
        writer.beginObject()
        writer.key("f_port")
        writer.unsigned(port)
        writer.key("frm_payload")
        writer.string(Base64.encode(payload))
        writer.key("confirmed")
        writer.bool(isConfirmed)
        // The stack's own default is the lowest, which anything else overtakes.
        writer.key("priority")
        writer.string("NORMAL")
        writer.key("correlation_ids")
        writer.beginArray()
        writer.string(commandPrefix + id)
        writer.endArray()
        writer.endObject()
        writer.endArray()
        writer.endObject()
        return writer.text
    }
}
