internal import Crypto
internal import GatewayModel
internal import JSONText

extension CaptureDecoder {
    /// Messages of a Sparkplug session in their order, or one payload without a topic.
    mutating func decodeSparkplug(_ bytes: UnsafeRawBufferPointer) {
        var session = SparkplugCapture()
        for item in ConventionCapture.items(of: bytes) {
            switch item {
            case .error(let code, let offset): fail(code, at: offset)
            case .message(var message):
                message.topic = message.topic ?? options.topic
                message.payload.withUnsafeBytes { payload in
                    do throws(SparkplugCapture.Failure) {
                        let members = try session.take(message, payload)
                        print { writer in
                            for member in members {
                                writer.key(member.key)
                                writer.value(member.value)
                            }
                        }
                    } catch {
                        fail(error.code, at: error.offset) { writer in
                            guard let topic = message.topic else { return }
                            writer.key("topic")
                            writer.string(topic)
                        }
                    }
                }
            }
        }
    }
}

/// A Sparkplug session as a capture shows it: with the names as they were sent.
struct SparkplugCapture {
    struct Failure: Error {
        var code: String
        var offset: Int
    }

    private var decoder = TopicDecoder(policy: { _ in .none }, families: [SparkplugFamily()])
    /// Names by alias, for each node.
    private var names: [String: [UInt64: (name: String, typeCode: UInt32?)]] = [:]

    init() {}

    /// The members of the line for one message.
    mutating func take(
        _ message: ConventionCapture.Message, _ bytes: UnsafeRawBufferPointer
    ) throws(Failure) -> [JSON.Member] {
        var members: [JSON.Member] = []
        func add(_ key: String, _ value: JSON) { members.append(.init(key: key, value: value)) }
        guard let topic = message.topic else {
            try metrics(of: bytes, node: "", isBirth: true, &members)
            return members
        }
        add("topic", .string(topic))
        let levels = topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if levels.count >= 2, levels[levels.count - 2] == "STATE" {
            guard let state = SparkplugHostState(bytes) else { throw Failure(code: "malformed_json", offset: 0) }
            add("type", "STATE")
            add("host", .string(levels.last ?? ""))
            add("online", .bool(state.isOnline))
            add("timestamp", state.timestamp.map { .integer($0) } ?? .null)
            return members
        }
        guard levels.count == 4 || levels.count == 5, levels[0] == "spBv1.0" else {
            throw Failure(code: "unclaimed_topic", offset: 0)
        }
        add("type", .string(levels[2]))
        add("group", .string(levels[1]))
        add("node", .string(levels[3]))
        add("device", levels.count == 5 ? .string(levels[4]) : .null)
        let node = "\(levels[1])/\(levels[3])"
        if levels[2] == "NBIRTH" { names[node] = [:] }
        try metrics(of: bytes, node: node, isBirth: levels[2].hasSuffix("BIRTH"), &members)
        try follow(message, topic, node, isDeath: levels[2] == "NDEATH", &members)
        return members
    }

    /// Lets the family judge what the message means for its session.
    private mutating func follow(
        _ message: ConventionCapture.Message, _ topic: String, _ node: String, isDeath: Bool,
        _ members: inout [JSON.Member]
    ) throws(Failure) {
        let received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0)
        var batch = ObservationBatch()
        let verdict = decoder.decode(
            topic: topic, payload: message.payload, retained: message.isRetained, received: received, into: &batch)
        _ = decoder.takeEffects()
        if case .rejected(let reason, _) = verdict { throw Failure(code: reason.name, offset: 0) }
        if verdict == .unclaimed { throw Failure(code: "unclaimed_topic", offset: 0) }
        let outcome = decoder.family(SparkplugFamily.self)?.outcome ?? SparkplugFamily.Outcome()
        if isDeath { members.append(.init(key: "matches_birth", value: .bool(!outcome.isStaleDeath))) }
        if isDeath, !outcome.isStaleDeath { names[node] = nil }
        if outcome.isGap { members.append(.init(key: "seq_gap", value: true)) }
        if outcome.needsRebirth { members.append(.init(key: "action", value: "request rebirth via NCMD")) }
    }

    private mutating func metrics(
        of bytes: UnsafeRawBufferPointer, node: String, isBirth: Bool, _ members: inout [JSON.Member]
    ) throws(Failure) {
        var shown: [JSON.Member] = []
        var aliased: [JSON.Member] = []
        var details: [JSON] = []
        var session: JSON?
        var skipped: [JSON] = []
        var known = names[node] ?? [:]
        let payload: SparkplugPayload
        do throws(ProtobufError) {
            payload = try SparkplugPayload(bytes)
            try payload.forEachMetric(
                { (metric) throws(ProtobufError) in
                    let name = metric.name.map { String(decoding: $0, as: UTF8.self) }
                    if isBirth, let name, let alias = metric.alias { known[alias] = (name, metric.typeCode) }
                    let meant = metric.alias.flatMap { known[$0] }
                    let typeCode = metric.typeCode ?? meant?.typeCode
                    let type = typeCode.flatMap { SparkplugType(rawValue: $0) }
                    let (value, kind) = metric.isNull ? (JSON.null, nil) : Self.json(metric.raw.value(type))
                    if let kind {
                        skipped.append([
                            "name": (name ?? meant?.name).map { .string($0) } ?? .null, "datatype": .string(kind),
                        ])
                    }
                    if name == "bdSeq" { session = value }
                    if let shownName = name ?? meant?.name { shown.append(.init(key: shownName, value: value)) }
                    if name == nil, let alias = metric.alias { aliased.append(.init(key: String(alias), value: value)) }
                    details.append(Self.detail(metric, name ?? meant?.name, type, value))
                }, failed: { $0 })
        } catch { throw Failure(code: error.code, offset: error.offset) }
        names[node] = known
        members.append(.init(key: "timestamp", value: payload.timestamp.map { .unsigned($0) } ?? .null))
        members.append(.init(key: "seq", value: payload.seq.map { .unsigned($0) } ?? .null))
        if let session { members.append(.init(key: "bdSeq", value: session)) }
        members.append(.init(key: "metrics", value: .object(shown)))
        if !aliased.isEmpty { members.append(.init(key: "by_alias", value: .object(aliased))) }
        if !skipped.isEmpty { members.append(.init(key: "skipped", value: .array(skipped))) }
        members.append(.init(key: "details", value: .array(details)))
    }

    private static func detail(
        _ metric: SparkplugMetric, _ name: String?, _ type: SparkplugType?, _ value: JSON
    ) -> JSON {
        [
            "name": name.map { .string($0) } ?? .null, "alias": metric.alias.map { .unsigned($0) } ?? .null,
            "timestamp": metric.timestamp.map { .unsigned($0) } ?? .null,
            "datatype": type.map { .string($0.name) } ?? .null, "value": value,
            "is_null": .bool(metric.isNull), "is_historical": .bool(metric.isHistorical),
            "is_transient": .bool(metric.isTransient),
        ]
    }

    /// The value, or what it is that makes no value.
    private static func json(_ value: SparkplugValue) -> (JSON, String?) {
        switch value {
        case .null: (.null, nil)
        case .integer(let number): (.integer(number), nil)
        case .unsigned(let number): (.unsigned(number), nil)
        case .number(let number): (number.isFinite ? .number(number) : .null, nil)
        case .flag(let flag): (.bool(flag), nil)
        case .text(let text): (.string(String(decoding: text, as: UTF8.self)), nil)
        case .array(let array): (.array(elements(of: array)), nil)
        case .unsupported(let kind): (.null, kind)
        }
    }

    private static func elements(of array: SparkplugArray) -> [JSON] {
        var elements: [JSON] = []
        array.forEach { elements.append(json($0).0) }
        return elements
    }
}
