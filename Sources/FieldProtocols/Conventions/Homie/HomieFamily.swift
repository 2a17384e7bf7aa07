public import GatewayModel
internal import JSONText

/// Homie 4 and 5: values are retained texts, and what they mean stands in other retained messages.
///
/// A retained value that comes before its description waits for it. Commands (`…/set`) and broadcasts are passed over.
public struct HomieFamily: TopicFamily {
    /// Devices of one site.
    static let deviceCountMax = 10_000

    private struct Route {
        var kind: HomieTopic.Kind
        var device: Int
        var metric: MetricName?
    }

    var devices: [HomieDevice] = []
    var indexes: [String: Int] = [:]
    var identity = ForeignIdentity()
    private var routes = TopicMemory<Route>()

    /// A family that has heard nothing yet.
    public init() {}

    /// As the type says.
    public var filters: [TopicFilter] {
        // The last two are for domains of one's own; what comes twice of `homie` is the same state again.
        ["homie/#", "+/5/+/$state", "+/5/+/$description"].map { TopicFilter($0, retained: .always) }
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        let route: Route
        if let known = routes[message] {
            route = known
        } else {
            guard let topic = HomieTopic(message) else { return nil }
            if topic.kind == .other { return .taken }
            route = try self.route(topic, message)
        }
        // Version 4: no more is told of a property when another one is told of.
        if devices[route.device].isVersion4, !devices[route.device].waiting.isEmpty {
            release(route.device, message, butNot: route.metric, into: &batch, &effects)
        }
        switch route.kind {
        case .value: return try value(message, route.device, route.metric, into: &batch, &effects)
        case .state: try state(message, route.device, &effects)
        case .description: try describe(message, route.device, into: &batch, &effects)
        case .type, .unit: try attribute(message, route, into: &batch, &effects)
        case .version, .other: break
        }
        return .taken
    }

    private mutating func route(_ topic: HomieTopic, _ message: TopicMessage) throws(RejectReason) -> Route {
        guard let name = ForeignName.device(topic.device) else { throw .badDeviceID }
        let domain = String(decoding: message.level(0), as: UTF8.self)
        let key = topic.isVersion4 ? "4/\(name.text)" : "\(domain)/\(name.text)"
        let index: Int
        if let known = indexes[key] {
            index = known
        } else {
            guard devices.count < Self.deviceCountMax else { throw .tooManyNames }
            index = devices.count
            devices.append(HomieDevice(name: name, isVersion4: topic.isVersion4))
            indexes[key] = index
        }
        var metric: MetricName?
        if [.value, .type, .unit].contains(topic.kind) {
            guard ForeignName.isUTF8(topic.node), ForeignName.isUTF8(topic.property) else { throw .notUTF8 }
            metric = ForeignName.metric(
                String(decoding: topic.node, as: UTF8.self) + "." + String(decoding: topic.property, as: UTF8.self),
                by: name)
            guard metric != nil else { throw .tooManyNames }
        }
        let route = Route(kind: topic.kind, device: index, metric: metric)
        routes[message] = route
        return route
    }

    private mutating func state(
        _ message: TopicMessage, _ index: Int, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let device = devices[index]
        guard message.payload.count <= 32 else { throw .valueNotStorable }
        let word = String(decoding: message.text, as: UTF8.self)
        var presence = DevicePresence()
        presence.isOld = message.isRetained
        presence.isWatched = true
        presence.attributes["homie.state"] = word
        switch word {
        case "ready", "alert": presence.isOnline = true
        // Lost, or gone for good.
        case "disconnected", "lost", "": presence.isOnline = false
        case "init", "sleeping": break
        default: throw .noReadings
        }
        if word.isEmpty {
            presence.attributes["homie.state"] = "removed"
            devices[index].forgetProperties()
            devices[index].isDescribed = false
            devices[index].waiting = []
        }
        devices[index].isUp = presence.isOnline
        // Whoever is behind a lost root is lost too, and is back with it.
        if isUp(device.root) == false { presence.isOnline = false }
        presence.isOld = presence.isOld || presence.isOnline == false
        effects.tell(device.name, presence)
        guard let isUp = devices[index].isUp else { return }
        for child in devices where child.root == device.name.text && (!isUp || child.isUp == true) {
            effects.tell(child.name, isOnline: isUp, isOld: message.isRetained)
        }
    }

    /// What is known of the root of a device; nil if it has none.
    func isUp(_ root: String?) -> Bool? {
        guard let root else { return nil }
        return devices.first { $0.name.text == root }?.isUp
    }

    private mutating func attribute(
        _ message: TopicMessage, _ route: Route, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        guard let metric = route.metric else { return }
        let text = String(decoding: message.text.prefix(33), as: UTF8.self)
        let unit = route.kind == .unit ? UnitSpelling.unit(text, by: devices[route.device].name) : Unit.none
        if unit == nil { effects.drop(.unitNotStorable) }
        let hasRoom = devices[route.device].set(metric) { property in
            if route.kind == .type {
                property.type = HomieDevice.DataType(rawValue: text)
                // Such a property need not say its unit.
                if property.type == .percent, property.unit == .none { property.unit = .percent }
            }
            if route.kind == .unit { property.unit = unit ?? .none }
        }
        guard hasRoom else { throw .tooManyNames }
        let awaitsUnit = devices[route.device].property(metric).map { $0.type?.isNumeric != false && $0.unit == .none }
        release(route.device, message, butNot: awaitsUnit == true ? metric : nil, into: &batch, &effects)
    }
}
