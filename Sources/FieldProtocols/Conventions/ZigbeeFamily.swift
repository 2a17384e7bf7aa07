public import GatewayModel
internal import JSONText

/// Zigbee2MQTT: `zigbee2mqtt/{name}` with one object of values, and `…/availability`. Names may have `/` in them.
public struct ZigbeeFamily: TopicFamily {
    private var devices = FieldTable<DeviceName>(countMax: 16_384)
    private var fields = FlatFields(naming: ZigbeeFamily.naming)
    private var identity = ForeignIdentity()

    /// A family that has heard nothing yet.
    public init() {}

    /// As the type says.
    public var filters: [TopicFilter] { [TopicFilter("zigbee2mqtt/#")] }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard message.level(0, is: "zigbee2mqtt"), message.levelCount >= 2 else { return nil }
        let last = message.levelCount - 1
        // The bridge's own topics, and commands.
        if message.level(1, is: "bridge") || message.level(last, is: "set") || message.level(last, is: "get") {
            return .taken
        }
        let isAvailability = last >= 2 && message.level(last, is: "availability")
        let device = try device(message, isAvailability: isAvailability)
        if isAvailability {
            try availability(message, device, &effects)
            return .taken
        }
        guard !message.payload.isEmpty else { return .taken }
        let root = try message.json()
        guard root.isObject else { throw .malformedJSON }
        var dropped: RejectReason?
        let quality = message.quality
        try fields.walk(root, of: device, drop: { dropped = dropped ?? $0 }) { (field, value) throws(RejectReason) in
            if field.mark == 1, let word = value.utf8, let flag = ScalarText.flag(word) {
                batch.append(Reading(field.metric, .flag(flag), quality: quality))
            } else {
                batch.append(
                    value, as: field.metric, unit: field.unit, quality: quality, texts: true,
                    drop: { dropped = dropped ?? $0 })
            }
        }
        guard !batch.openReadings.isEmpty else { throw dropped ?? .noReadings }
        if let dropped { effects.drop(dropped) }
        identity.close(message.observation(of: device), of: message, in: &batch)
        return .taken
    }

    private mutating func device(_ message: TopicMessage, isAvailability: Bool) throws(RejectReason) -> DeviceName {
        if let known = devices.meaning(of: message.topic, context: 0) { return known }
        let start = "zigbee2mqtt/".utf8.count
        let end = message.topic.count - (isAvailability ? "/availability".utf8.count : 0)
        guard start < end,
            let device = ForeignName.device(UnsafeBufferPointer(rebasing: message.topic[start..<end]))
        else { throw .badDeviceID }
        if devices.isFull { devices.forgetAll() }
        devices.remember(device, of: message.topic, context: 0)
        return device
    }

    /// `{"state":"online"}`, or the bare word before version 1.27.
    private func availability(
        _ message: TopicMessage, _ device: DeviceName, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        var word = message.text
        if word.first == UInt8(ascii: "{") { word = try message.json()["state"]?.utf8 ?? word }
        let isOnline = ScalarText.equals(word, "online")
        guard isOnline || ScalarText.equals(word, "offline") else { throw .noReadings }
        effects.tell(device, isOnline: isOnline, isOld: message.isRetained)
    }

    private static func naming(_ prefix: String, _ key: String, _ shape: FlatFields.Shape) -> FlatFields.Naming {
        if shape == .object {
            return key == "device" || key == "update" || key == "last_seen" ? .ignored : .group("\(prefix)\(key).")
        }
        switch key {
        case "last_seen", "elapsed", "update_available": return .ignored
        case "state": return .field(prefix + key, mark: 1)
        default: return .field(prefix + key, unit: units[key] ?? "")
        }
    }

    /// Units that Zigbee2MQTT's own definitions give to these names.
    private static let units: [String: String] = [
        "temperature": "Cel", "local_temperature": "Cel", "device_temperature": "Cel", "soil_temperature": "Cel",
        "occupied_heating_setpoint": "Cel", "current_heating_setpoint": "Cel", "humidity": "%", "soil_moisture": "%",
        "battery": "%", "position": "%", "pressure": "hPa", "voltage": "", "power": "W", "current": "A",
        "energy": "kWh", "illuminance_lux": "lx", "co2": "ppm", "pm25": "ug/m3", "voc": "ppb", "linkquality": "1",
    ]
}
