public import GatewayModel
internal import JSONText

/// The topics that a site has named: SenML, InfluxDB's line protocol, plain JSON and plain values.
public struct SiteTopicsFamily: TopicFamily {
    struct Route {
        var topic: Int32
        /// The device of the topic's level, and for plain values their metric.
        var device: DeviceName?
        var metric: MetricName?
    }

    struct Series {
        var device: DeviceName?
        var metric: MetricName?
    }

    /// The metric of a value that nothing names.
    static let value = MetricName(known: "value")

    let topics: [SiteTopic]
    var fields: [FlatFields]
    var series = FieldTable<Series>(countMax: 16_384)
    var measurements = FieldTable<UInt32>(countMax: 1_024)
    var measurementCount: UInt32 = 0
    var units = UnitNames()
    var resolver = SenMLResolver()
    /// Empty between messages; its arrays keep their room.
    var line = InfluxLine()
    var identity = ForeignIdentity()
    private var routes = TopicMemory<Route>()

    /// Every one of `topics` is tried in turn; the first whose filter fits is it.
    public init(topics: [SiteTopic]) {
        self.topics = topics
        fields = topics.map { topic in
            FlatFields(countMax: 4_096) { Self.naming($0, $1, $2, units: topic.units) }
        }
    }

    /// As the type says.
    public var filters: [TopicFilter] { topics.map { TopicFilter($0.filter) } }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        guard let route = route(message) else { return nil }
        // Nothing is how a retained message is removed.
        guard !message.payload.isEmpty else { return .taken }
        switch topics[Int(route.topic)].format {
        case .auto: try findOut(route, message, into: &batch, &effects)
        case .json: try json(route, message, into: &batch, &effects)
        case .senml: try senML(try message.json(), route, message, into: &batch, &effects)
        case .senmlCBOR: try senMLCBOR(route, message, into: &batch, &effects)
        case .influx: try influx(route, message, into: &batch, &effects)
        }
        return .taken
    }

    private mutating func findOut(
        _ route: Route, _ message: TopicMessage, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let text = ScalarText.trimmed(message.text)
        switch text.first {
        case UInt8(ascii: "{"): try json(route, message, into: &batch, &effects)
        case UInt8(ascii: "["): try senML(try message.json(), route, message, into: &batch, &effects)
        // An array of CBOR; no text starts with such a byte.
        case .some(0x80...0x9F): try senMLCBOR(route, message, into: &batch, &effects)
        default:
            if text.contains(UInt8(ascii: "=")), !text.isEmpty {
                try influx(route, message, into: &batch, &effects)
            } else {
                try plain(route, message, into: &batch)
            }
        }
    }

    /// The device of a message that names none itself.
    func device(_ route: Route) throws(RejectReason) -> DeviceName {
        guard let device = route.device else { throw .badDeviceID }
        return device
    }

    private mutating func route(_ message: TopicMessage) -> Route? {
        if let known = routes[message] { return known }
        let route = resolve(message)
        routes[message] = route
        return route
    }

    private func resolve(_ message: TopicMessage) -> Route? {
        let text = String(decoding: message.topic, as: UTF8.self)
        guard ForeignName.isUTF8(message.topic),
            let index = topics.firstIndex(where: { TopicFilter($0.filter).matches(text) })
        else { return nil }
        var route = Route(topic: Int32(index))
        let last = message.levelCount - 1
        if let level = topics[index].deviceLevel {
            route.device = ForeignName.device(message.level(level - 1))
            let rest = (level..<max(level, message.levelCount)).map {
                String(decoding: message.level($0), as: UTF8.self)
            }
            if let device = route.device {
                route.metric = rest.isEmpty ? Self.value : ForeignName.metric(rest.joined(separator: "."), by: device)
            }
        } else {
            route.device = ForeignName.device(message.level(last))
        }
        return route
    }

    /// One value without a name: the topic names it.
    private mutating func plain(
        _ route: Route, _ message: TopicMessage, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        let text = ScalarText.trimmed(message.text)
        guard !ScalarText.isExactly(text, "null"), let value = ScalarText.value(text) else {
            throw ScalarText.isNotFinite(text) ? .valueNotFinite : .noReadings
        }
        let last = message.levelCount - 1
        var (device, metric) = (route.device, route.metric)
        if metric == nil, topics[Int(route.topic)].deviceLevel == nil {
            device = ForeignName.device(message.level(max(0, last - 1)))
            if let device {
                metric = last > 0 ? ForeignName.metric(message.level(last), by: device) : Self.value
            }
        }
        guard let device else { throw .badDeviceID }
        guard let metric else { throw .tooManyNames }
        let unit = topics[Int(route.topic)].units[metric.text].map { UnitSpelling.unit($0) } ?? .none
        batch.append(Reading(metric, value, unit: unit, quality: message.quality))
        identity.close(message.observation(of: device), of: message, in: &batch)
    }
}
