public import GatewayModel
internal import JSONText

/// Zigbee2MQTT: `zigbee2mqtt/{name}` with one object of values, and `…/availability`. Names may have `/` in them.
public struct ZigbeeFamily: TopicFamily {
    private var devices = TopicMemory<DeviceName>()
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
        if let known = devices[message] { return known }
        let start = "zigbee2mqtt/".utf8.count
        let end = message.topic.count - (isAvailability ? "/availability".utf8.count : 0)
        guard start < end,
            let device = ForeignName.device(UnsafeBufferPointer(rebasing: message.topic[start..<end]))
        else { throw .badDeviceID }
        devices[message] = device
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
        default:
            // Devices with several endpoints name them behind it: `state_left`, `power_l2`.
            let isState = key.hasPrefix("state_")
            return .field(prefix + key, unit: units[key] ?? units[base(of: key)] ?? "", mark: isState ? 1 : 0)
        }
    }

    /// The name without its endpoint or phase.
    private static func base(of key: String) -> String {
        guard let mark = key.lastIndex(of: "_"), endpoints.contains(String(key[mark...].dropFirst())) else {
            return key
        }
        let base = key[..<mark]
        return String(base.hasSuffix("_phase") ? base.dropLast("_phase".count) : base)
    }

    private static let endpoints: Set<String> = [
        "left", "right", "center", "top", "bottom", "a", "b", "c", "l1", "l2", "l3", "l4", "l5", "l6", "l7", "l8", "1",
        "2", "3", "4", "5", "6", "7", "8",
    ]

    /// Units that Zigbee2MQTT's own definitions give to these names. None where they differ by device (`voltage` of
    /// batteries is in millivolts, `voc` is a density or a share) or by version (`illuminance`).
    private static let units: [String: String] = [
        "temperature": "Cel", "local_temperature": "Cel", "device_temperature": "Cel", "soil_temperature": "Cel",
        "occupied_heating_setpoint": "Cel", "current_heating_setpoint": "Cel", "humidity": "%", "soil_moisture": "%",
        "cpu_temperature": "Cel", "battery": "%", "position": "%", "pressure": "hPa", "power": "W", "current": "A",
        "current_neutral": "A", "power_apparent": "VA", "power_reactive": "var", "ac_frequency": "Hz",
        "voltage_phase_b": "V", "voltage_phase_c": "V", "energy": "kWh", "produced_energy": "kWh",
        "energy_produced": "kWh", "illuminance_lux": "lx", "co": "ppm", "co2": "ppm", "eco2": "ppm", "pm1": "ug/m3",
        "pm10": "ug/m3", "pm25": "ug/m3", "hcho": "mg/m3", "formaldehyd": "mg/m3", "linkquality": "1",
    ]
}
