public import GatewayModel
internal import Crypto
internal import JSONText

/// Sparkplug B: edge nodes and their devices, whose data is understood by what their births have said.
///
/// A node is device `{group}:{node}`, a device `{group}:{node}:{device}`. Whoever misses a birth or a message asks the node
/// for its birth; data that cannot be named until then is kept as it came, in an event.
public struct SparkplugFamily: TopicFamily {
    /// Edge nodes of one site, and metrics of all together.
    static let nodeCountMax = 2_000
    static let metricCountMax = 100_000
    /// Undecoded payloads kept of one node until its next birth, and the largest.
    private static let keptCountMax = 4_096
    private static let keptByteCountMax = 4_096

    /// What the message decoded last meant for its session.
    struct Outcome: Equatable {
        var isGap = false
        var needsRebirth = false
        /// The death of an earlier session, which says nothing of this one.
        var isStaleDeath = false
    }

    struct Route {
        var kind: SparkplugTopic.Kind
        var node: Int
        /// The node itself, or the device behind it.
        var device: DeviceName
    }

    var nodes: [SparkplugNode] = []
    var metricCount = 0
    var names = FieldTable<SparkplugNode.Known>(countMax: 16_384)
    private(set) var outcome = Outcome()
    var identity = ForeignIdentity()
    private var indexes: [String: Int] = [:]
    private var routes = TopicMemory<Route>()

    /// A family that has heard nothing yet.
    public init() {}

    /// As the type says.
    public var filters: [TopicFilter] {
        ["NBIRTH", "NDEATH", "NDATA"].map { TopicFilter("spBv1.0/+/\($0)/+") }
            + ["DBIRTH", "DDEATH", "DDATA"].map { TopicFilter("spBv1.0/+/\($0)/+/+") }
            + [TopicFilter("spBv1.0/STATE/+")]
    }

    /// As the protocol says.
    public mutating func begin(isResumed: Bool, at now: ReceiveTime, effects: inout TopicEffects) {
        guard !isResumed else { return }
        for index in nodes.indices {
            metricCount -= nodes[index].metricCount
            nodes[index].forget()
            askForBirth(of: index, at: now, &effects)
        }
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        outcome = Outcome()
        if let known = routes[message] {
            return try decode(message, known, into: &batch, &effects)
        }
        guard let topic = SparkplugTopic(message) else { return nil }
        switch topic.kind {
        case .hostState: return try hostState(topic, message, into: &batch)
        // Ours and other hosts'.
        case .nodeCommand, .deviceCommand: return .taken
        default: return try decode(message, try route(topic, message), into: &batch, &effects)
        }
    }

    private mutating func route(_ topic: SparkplugTopic, _ message: TopicMessage) throws(RejectReason) -> Route {
        guard let node = ForeignName.device(topic.group, topic.node) else { throw .badDeviceID }
        let index: Int
        if let known = indexes[node.text] {
            index = known
        } else {
            guard nodes.count < Self.nodeCountMax else { throw .tooManyNames }
            index = nodes.count
            nodes.append(
                SparkplugNode(
                    group: String(decoding: topic.group, as: UTF8.self),
                    name: String(decoding: topic.node, as: UTF8.self), device: node))
            indexes[node.text] = index
        }
        var device = node
        if topic.kind.isOfDevice {
            guard let named = ForeignName.device(topic.group, topic.node, topic.device) else { throw .badDeviceID }
            device = named
        }
        let route = Route(kind: topic.kind, node: index, device: device)
        routes[message] = route
        return route
    }

    private mutating func decode(
        _ message: TopicMessage, _ route: Route, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict {
        // A retained birth that is taken back is no birth. Wills may be that short.
        let isDeath = route.kind == .nodeDeath || route.kind == .deviceDeath
        guard isDeath || !message.payload.isEmpty else { throw .protobuf }
        let payload: SparkplugPayload
        do throws(ProtobufError) { payload = try SparkplugPayload(message.payload) } catch { throw .protobuf }
        let time = payload.timestamp ?? 0
        switch route.kind {
        case .nodeBirth:
            let session: UInt64?
            do throws(ProtobufError) { session = try payload.sessionNumber() } catch { throw .protobuf }
            metricCount -= nodes[route.node].metricCount
            nodes[route.node].begin(
                sessionNumber: session, seq: UInt8(truncatingIfNeeded: payload.seq ?? 0), time: time)
            metricCount += nodes[route.node].metricCount
            effects.tell(route.device, isOnline: true, isOld: message.isRetained)
        case .nodeDeath:
            return try death(payload, route, &effects)
        default:
            count(payload, route, time)
            if route.kind != .nodeData { hear(route, message, &effects) }
        }
        if route.kind != .deviceDeath { try store(payload, route, message, into: &batch, &effects) }
        if outcome.needsRebirth { askForBirth(of: route.node, at: message.received, &effects) }
        return .taken
    }

    /// A device has sent something. One without a birth is there too, and goes with its node.
    private mutating func hear(_ route: Route, _ message: TopicMessage, _ effects: inout TopicEffects) {
        guard route.kind != .deviceDeath else { return effects.tell(route.device, isOnline: false) }
        let isNews = nodes[route.node].hear(route.device)
        guard route.kind == .deviceBirth else {
            if isNews { effects.tell(route.device, isOnline: true, isOld: message.isRetained) }
            return
        }
        effects.tell(route.device, isOnline: true, isOld: message.isRetained)
        metricCount -= nodes[route.node].metricCount
        nodes[route.node].forget(route.device)
        metricCount += nodes[route.node].metricCount
    }

    private mutating func count(_ payload: SparkplugPayload, _ route: Route, _ time: UInt64) {
        if let seq = payload.seq {
            outcome.isGap = nodes[route.node].arrive(seq: UInt8(truncatingIfNeeded: seq), time: time) == .gap
        }
        outcome.needsRebirth = outcome.isGap || !nodes[route.node].isAlive
    }

    private mutating func death(
        _ payload: SparkplugPayload, _ route: Route, _ effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict {
        let session: UInt64?
        do throws(ProtobufError) { session = try payload.sessionNumber() } catch { throw .protobuf }
        let before = nodes[route.node].metricCount
        guard nodes[route.node].end(sessionNumber: session) else {
            outcome.isStaleDeath = true
            return .taken
        }
        metricCount -= before
        effects.tell(route.device, isOnline: false, andThoseBehind: nodes[route.node].mayHaveUnheard)
        for device in nodes[route.node].takeDevices() { effects.tell(device, isOnline: false) }
        return .taken
    }

    mutating func requireRebirth() { outcome.needsRebirth = true }

    /// Publishes the command, unless the node was asked a short time ago.
    private mutating func askForBirth(of index: Int, at now: ReceiveTime, _ effects: inout TopicEffects) {
        guard nodes[index].mayAsk(now: now.monotonicMilliseconds) else { return }
        effects.publications.append(
            TopicPublication(
                topic: "spBv1.0/\(nodes[index].group)/NCMD/\(nodes[index].name)",
                payload: SparkplugPayload.rebirth(at: now.wall.milliseconds)))
    }

    /// Keeps a payload whose values cannot be named, so that they are not lost with the process that had the names.
    mutating func keep(_ message: TopicMessage, _ route: Route, into batch: inout ObservationBatch) {
        guard nodes[route.node].keptCount < Self.keptCountMax, message.payload.count <= Self.keptByteCountMax else {
            return
        }
        nodes[route.node].keptCount += 1
        let body: JSON = [
            "reason": .string(RejectReason.unknownAlias.name),
            "topic": .string(String(decoding: message.topic, as: UTF8.self)),
            "payload_hex": .string(Hex.encode(message.payload)),
        ]
        batch.append(
            Note(
                .events, kind: "sparkplug_undecoded", device: route.device.id, body: body.text,
                received: message.received))
    }

    private func hostState(
        _ topic: SparkplugTopic, _ message: TopicMessage, into batch: inout ObservationBatch
    ) throws(RejectReason) -> Verdict {
        guard ForeignName.isUTF8(topic.node) else { throw .notUTF8 }
        guard let state = SparkplugHostState(message.payload) else { throw .malformedJSON }
        guard !message.isRetained else { return .taken }
        let body: JSON = [
            "host": .string(String(decoding: topic.node, as: UTF8.self)), "online": .bool(state.isOnline),
            "timestamp": state.timestamp.map { .integer($0) } ?? .null,
        ]
        batch.append(Note(.events, kind: "sparkplug_host", body: body.text, received: message.received))
        return .note
    }
}
