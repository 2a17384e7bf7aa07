public import GatewayModel
internal import JSONText

/// Tasmota: `tele/{topic}/SENSOR`, `STATE` and `LWT`, and what `Status 8`, `10` and `11` answer, with prefix and topic in
/// any order.
///
/// `Time` is the device's local time without a zone, so it says when the message was made only if it carries one or counts
/// seconds, as `Epoch` does; it makes repetitions known all the same.
public struct TasmotaFamily: TopicFamily {
    private enum Kind: UInt8 { case values, will }

    private struct Route {
        var kind: Kind
        var device: DeviceName
    }

    private var routes = TopicMemory<Route>()
    private var fields = FlatFields(identifier: "Id", naming: TasmotaNames.naming)
    private var identity = ForeignIdentity()

    /// A family that has heard nothing yet.
    public init() {}

    /// As the type says.
    public var filters: [TopicFilter] {
        ["tele/+/", "+/tele/"].flatMap { start in
            [
                TopicFilter("\(start)SENSOR"), TopicFilter("\(start)STATE"),
                TopicFilter("\(start)LWT", retained: .always),
            ]
        }
            + ["stat/+/", "+/stat/"].flatMap { start in
                ["STATUS8", "STATUS10", "STATUS11"].map { TopicFilter("\(start)\($0)") }
            }
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard let route = try route(message) else { return nil }
        switch route.kind {
        case .values: return try values(message, route.device, into: &batch, &effects)
        case .will:
            let isOnline = ScalarText.equals(message.text, "online")
            guard isOnline || ScalarText.equals(message.text, "offline") else { throw .noReadings }
            effects.tell(route.device, isOnline: isOnline, isOld: message.isRetained)
            return .taken
        }
    }

    /// The device is the level beside the prefix, on the side of the command if there are several.
    private mutating func route(_ message: TopicMessage) throws(RejectReason) -> Route? {
        if let known = routes[message] { return known }
        let last = message.levelCount - 1
        guard last >= 2 else { return nil }
        let kind: Kind
        let prefix: StaticString
        switch message.level(last).count {
        case 3 where message.level(last, is: "LWT"): (kind, prefix) = (.will, "tele")
        case 5 where message.level(last, is: "STATE"): (kind, prefix) = (.values, "tele")
        case 6 where message.level(last, is: "SENSOR"): (kind, prefix) = (.values, "tele")
        case 7 where message.level(last, is: "STATUS8"): (kind, prefix) = (.values, "stat")
        case 8 where message.level(last, is: "STATUS10") || message.level(last, is: "STATUS11"):
            (kind, prefix) = (.values, "stat")
        default: return nil
        }
        guard let place = (0..<last).first(where: { message.level($0, is: prefix) }) else { return nil }
        guard let device = ForeignName.device(message.level(place == last - 1 ? last - 2 : last - 1)) else {
            throw .badDeviceID
        }
        let route = Route(kind: kind, device: device)
        routes[message] = route
        return route
    }

    private mutating func values(
        _ message: TopicMessage, _ device: DeviceName, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict {
        var root = try message.json()
        guard root.isObject else { throw .malformedJSON }
        var members = TasmotaMembers(root)
        if let inner = members.sensors ?? members.state {
            root = inner
            members = TasmotaMembers(inner)
        }
        var dropped: RejectReason?
        let temperature = Self.unit(members.temperatureUnit, device, &dropped)
        let pressure = Self.unit(members.pressureUnit, device, &dropped)
        let speed = Self.unit(members.speedUnit, device, &dropped)
        let quality = message.quality
        try fields.walk(root, of: device, drop: { dropped = dropped ?? $0 }) { (field, value) throws(RejectReason) in
            let unit =
                switch field.mark {
                case TasmotaNames.temperature: temperature ?? .celsius
                case TasmotaNames.pressure: pressure ?? .hectopascal
                case TasmotaNames.speed: speed ?? .none
                default: field.unit
                }
            if field.mark == TasmotaNames.isSwitch, let word = value.utf8, let flag = ScalarText.flag(word) {
                batch.append(Reading(field.metric, .flag(flag), quality: quality))
            } else {
                batch.append(
                    value, as: field.metric, unit: unit, quality: quality, texts: true,
                    drop: { dropped = dropped ?? $0 })
            }
        }
        guard !batch.openReadings.isEmpty else { throw dropped ?? .noReadings }
        if let dropped { effects.drop(dropped) }
        close(message, device, members, in: &batch)
        return .taken
    }

    private mutating func close(
        _ message: TopicMessage, _ device: DeviceName, _ members: TasmotaMembers, in batch: inout ObservationBatch
    ) {
        var observation = message.observation(of: device)
        let told = Self.time(members)
        // A clock that was never set starts at 1970 with each boot, and then says the same again of other moments.
        guard let told, told.milliseconds >= DeviceTime.earliest else {
            return identity.close(observation, of: message, in: &batch)
        }
        if told.hasZone {
            observation.deviceTime = DeviceTime.judged(told.milliseconds, received: message.received)
        }
        identity.make("tas-", message, observation)
        identity.append(observation, to: &batch)
    }

    /// What the device's clock says, and whether that says when it is everywhere: seconds of Unix time do.
    private static func time(_ members: TasmotaMembers) -> (milliseconds: Int64, hasZone: Bool)? {
        if let seconds = (members.epoch ?? members.time)?.int64 {
            let (milliseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000)
            return overflows ? nil : (milliseconds, true)
        }
        guard let text = members.time?.utf8, let milliseconds = RFC3339.milliseconds(utf8: text) else { return nil }
        return (milliseconds, RFC3339.hasZone(utf8: text))
    }

    /// Nil if none is told.
    private static func unit(_ value: JSONValue?, _ device: DeviceName, _ dropped: inout RejectReason?) -> Unit? {
        guard let text = value?.utf8 else { return nil }
        switch text.count {
        case 1 where text[0] == UInt8(ascii: "C"): return .celsius
        case 3 where ScalarText.isExactly(text, "hPa"): return .hectopascal
        default:
            let unit = UnitSpelling.unit(String(decoding: text, as: UTF8.self), by: device)
            if unit == nil { dropped = .unitNotStorable }
            // Not the usual one in its place: the device has told another.
            return unit ?? Unit.none
        }
    }
}
