public import GatewayModel

/// ESPHome's own topics: `{node}/{component}/{object}/state` with one plain value, and `{node}/status` as the will.
///
/// Units are not told there; Home Assistant discovery, which ESPHome publishes too, tells them, and comes first.
public struct ESPHomeFamily: TopicFamily {
    private struct Route {
        var device: DeviceName
        var metric: MetricName
        /// Its words are words, also where they look like a number or a switch.
        var isText: Bool
    }

    private static let components: [StaticString] = ["sensor", "binary_sensor", "switch", "text_sensor", "number"]
    /// Nodes whose will came before their first value.
    private static let earlyCountMax = 1_000

    private var routes = TopicMemory<Route>()
    private var identity = ForeignIdentity()
    private var known: Set<DeviceName> = []
    private var early: [DeviceName: Bool] = [:]

    /// A family that has heard nothing yet.
    public init() {}

    /// As the type says.
    public var filters: [TopicFilter] {
        Self.components.map { TopicFilter("+/\($0)/+/state") } + [TopicFilter("+/status", retained: .always)]
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        if message.levelCount == 2, message.level(1, is: "status") { return status(message, &effects) }
        guard let route = try route(message) else { return nil }
        if known.insert(route.device).inserted, let isOnline = early.removeValue(forKey: route.device) {
            effects.tell(route.device, isOnline: isOnline, isOld: message.isRetained)
        }
        let payload = message.payload.bindMemory(to: UInt8.self)
        guard let value = route.isText ? Self.text(payload) : ScalarText.value(payload) else {
            throw ScalarText.isNotFinite(ScalarText.trimmed(payload)) ? .valueNotFinite : .noReadings
        }
        batch.append(Reading(route.metric, value, quality: message.quality))
        identity.close(message.observation(of: route.device), of: message, in: &batch)
        return .observation(route.device, replayAck: nil)
    }

    private static func text(_ payload: UnsafeBufferPointer<UInt8>) -> Reading.Value? {
        guard !payload.isEmpty, payload.count <= TelemetryDecoder.textByteCountMax, ForeignName.isUTF8(payload),
            payload.allSatisfy({ $0 >= 0x20 })
        else { return nil }
        return .text(String(decoding: payload, as: UTF8.self))
    }

    private mutating func route(_ message: TopicMessage) throws(RejectReason) -> Route? {
        if let known = routes[message] { return known }
        guard message.levelCount == 4, message.level(3, is: "state"),
            Self.components.contains(where: { message.level(1, is: $0) })
        else { return nil }
        guard let device = ForeignName.device(message.level(0)) else { throw .badDeviceID }
        guard let metric = ForeignName.metric(message.level(2), by: device) else { throw .tooManyNames }
        let route = Route(device: device, metric: metric, isText: message.level(1, is: "text_sensor"))
        routes[message] = route
        return route
    }

    /// Many programs publish `{name}/status`: only that of a node which is known by its values counts.
    private mutating func status(_ message: TopicMessage, _ effects: inout TopicEffects) -> Verdict? {
        let payload = message.payload.bindMemory(to: UInt8.self)
        let isOnline = ScalarText.equals(payload, "online")
        guard isOnline || ScalarText.equals(payload, "offline"), let device = ForeignName.device(message.level(0))
        else {
            return .taken
        }
        if known.contains(device) {
            effects.tell(device, isOnline: isOnline, isOld: message.isRetained)
        } else if early[device] != nil || early.count < Self.earlyCountMax {
            early[device] = isOnline
        }
        return .taken
    }
}
