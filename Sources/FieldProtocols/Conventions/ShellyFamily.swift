public import GatewayModel
internal import JSONText

/// Shelly, second generation and later: `{id}/events/rpc`, `{id}/status/{component}` and `{id}/online`.
public struct ShellyFamily: TopicFamily {
    private enum Kind: UInt8 { case rpc, status, will }

    private struct Route {
        var kind: Kind
        var device: DeviceName
    }

    private var routes = TopicMemory<Route>()
    private var fields = FlatFields(naming: ShellyFamily.naming)
    private var components = FlatFields(naming: ShellyFamily.naming)
    private var identity = ForeignIdentity()

    /// A family that has heard nothing yet.
    public init() {}

    /// As the type says.
    public var filters: [TopicFilter] {
        [
            TopicFilter("+/events/rpc"), TopicFilter("+/status/+"), TopicFilter("+/online", retained: .always),
        ]
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard let kind = routes[message]?.kind ?? Self.kind(message) else { return nil }
        switch kind {
        case .will:
            // Others publish on `{name}/online` too.
            guard let isOnline = ScalarText.flag(message.text) else { return .unclaimed }
            effects.tell(try device(message, kind), isOnline: isOnline, isOld: message.isRetained)
        case .rpc: try rpc(message, try device(message, kind), into: &batch, &effects)
        case .status:
            let device = try device(message, kind)
            let root = try message.json()
            guard root.isObject else { throw .malformedJSON }
            try component(root, message.level(2), message, device, into: &batch, &effects)
            identity.close(message.observation(of: device), of: message, in: &batch)
        }
        return .taken
    }

    private static func kind(_ message: TopicMessage) -> Kind? {
        switch message.levelCount {
        case 3 where message.level(1, is: "events") && message.level(2, is: "rpc"): .rpc
        case 3 where message.level(1, is: "status") && isComponent(message.level(2)): .status
        case 2 where message.level(1, is: "online"): .will
        default: nil
        }
    }

    private mutating func device(_ message: TopicMessage, _ kind: Kind) throws(RejectReason) -> DeviceName {
        if let known = routes[message] { return known.device }
        guard let device = ForeignName.device(message.level(0)) else { throw .badDeviceID }
        routes[message] = Route(kind: kind, device: device)
        return device
    }

    /// `{"src":…,"method":"NotifyStatus","params":{"ts":…,"switch:0":{…}}}`
    private mutating func rpc(
        _ message: TopicMessage, _ device: DeviceName, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let root = try message.json()
        guard let method = root["method"]?.utf8, let params = root["params"], params.isObject else {
            throw .malformedJSON
        }
        if ScalarText.isExactly(method, "NotifyEvent") {
            let body = JSON(params).text
            guard body.utf8.count <= 4_096 else { throw .tooLarge }
            batch.append(
                Note(.events, kind: "device_event", device: device.id, body: body, received: message.received))
            return
        }
        guard ScalarText.isExactly(method, "NotifyStatus") || ScalarText.isExactly(method, "NotifyFullStatus")
        else { return }
        try walk(params, message, device, into: &batch, &effects)
        var observation = message.observation(of: device)
        guard let seconds = params["ts"]?.double, let time = Int64(exactly: (seconds * 1_000).rounded()),
            time >= DeviceTime.earliest
        else { return identity.close(observation, of: message, in: &batch) }
        observation.deviceTime = DeviceTime.judged(time, received: message.received)
        identity.make("rpc-", message, observation)
        identity.append(observation, to: &batch)
    }

    private mutating func walk(
        _ root: JSONValue, _ message: TopicMessage, _ device: DeviceName, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) throws(RejectReason) {
        var dropped: RejectReason?
        let quality = message.quality
        try fields.walk(root, of: device, drop: { dropped = dropped ?? $0 }) { (field, value) throws(RejectReason) in
            batch.append(
                value, as: field.metric, unit: field.unit, quality: quality, texts: field.mark == 1,
                drop: { dropped = dropped ?? $0 })
        }
        guard !batch.openReadings.isEmpty else { throw dropped ?? .noReadings }
        if let dropped { effects.drop(dropped) }
    }

    /// Others publish on `{name}/status/…` too.
    private static func isComponent(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
        name.contains(UInt8(ascii: ":")) || ScalarText.isExactly(name, "sys")
            || ScalarText.isExactly(name, "wifi")
    }

    /// `{id}/status/switch:0` carries what stands under `switch:0` elsewhere.
    private mutating func component(
        _ root: JSONValue, _ name: UnsafeBufferPointer<UInt8>, _ message: TopicMessage, _ device: DeviceName,
        into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        guard !name.isEmpty, name.count <= 64, ForeignName.isUTF8(name) else { throw .notUTF8 }
        let prefix = Self.prefix(String(decoding: name, as: UTF8.self))
        var dropped: RejectReason?
        let quality = message.quality
        try components.walk(root, of: device, drop: { dropped = dropped ?? $0 }) {
            (field, value) throws(RejectReason) in
            guard let metric = MetricName("\(prefix)\(field.metric.text)", by: device) else {
                dropped = dropped ?? .tooManyNames
                return
            }
            batch.append(
                value, as: metric, unit: field.unit, quality: quality, texts: field.mark == 1,
                drop: { dropped = dropped ?? $0 })
        }
        guard !batch.openReadings.isEmpty else { throw dropped ?? .noReadings }
        if let dropped { effects.drop(dropped) }
    }

    /// `switch:0` → `switch_0.`
    private static func prefix(_ component: String) -> String {
        String(component.map { $0 == ":" ? "_" : $0 }) + "."
    }

    private static func naming(_ prefix: String, _ key: String, _ shape: FlatFields.Shape) -> FlatFields.Naming {
        if shape == .object {
            switch key {
            case "sys": return .group("sys.")
            case "cloud", "mqtt", "ble", "ws", "available_updates", "schedule_rev", "service", "errors": return .ignored
            case "temperature" where !prefix.isEmpty: return .group("\(prefix)temperature.")
            default: return .group(prefix + Self.prefix(key))
            }
        }
        switch key {
        case "ts", "id", "time", "unixtime", "mac", "ssid", "sta_ip", "cfg_rev", "kvs_rev", "webhook_rev", "minute_ts",
            "by_minute", "restart_required", "errors":
            return .ignored
        case "uptime" where prefix == "sys.": return .field("sys.uptime", unit: "s")
        case "ram_free" where prefix == "sys.": return .field("sys.free_heap", unit: "By")
        // On `status/sys` they stand at the top.
        case "uptime" where prefix.isEmpty: return .field("uptime", unit: "s")
        case "ram_free" where prefix.isEmpty: return .field("free_heap", unit: "By")
        case "source", "state", "status": return .field(prefix + key, mark: 1)
        // Elsewhere it is a count of pulses.
        case "total" where prefix.hasSuffix("aenergy."): return .field(prefix + key, unit: "Wh")
        default: return .field(prefix + key, unit: units[key] ?? units[withoutPhase(key)] ?? "")
        }
    }

    /// Meters of three phases say of which, or that it is the sum: `a_voltage`, `total_act_power`.
    private static func withoutPhase(_ key: String) -> String {
        let mark = ["a_", "b_", "c_", "n_", "total_"].first { key.hasPrefix($0) } ?? ""
        return String(key.dropFirst(mark.count))
    }

    /// As Shelly's documentation of components gives them.
    private static let units: [String: String] = [
        "tC": "Cel", "tF": "[degF]", "rh": "%", "apower": "W", "act_power": "W", "aprt_power": "V.A", "voltage": "V",
        "current": "A", "freq": "Hz", "pf": "1", "total_act": "Wh", "total_act_ret": "Wh", "total_act_energy": "Wh",
        "total_act_ret_energy": "Wh", "rssi": "dBm", "brightness": "%", "current_pos": "%", "V": "V", "percent": "%",
        "battery": "%", "lux": "lx", "ct": "K", "ram_size": "By", "fs_size": "By", "fs_free": "By",
    ]
}
