public import GatewayModel
internal import JSONText

/// Home Assistant's MQTT discovery: retained messages that say what is published where, which is then subscribed.
///
/// The device is named by its first identifier. Messages of conventions that are known by themselves stay with those; this
/// is for everything else that announces itself, such as ESPHome.
public struct DiscoveryFamily: TopicFamily {
    /// Topics that can be described, and values on all of them.
    static let topicCountMax = 15_000
    static let valueCountMax = 30_000
    /// Values on one topic.
    static let valuesPerTopicMax = 200

    var topics: [DiscoveredTopic] = []
    private var free: [Int] = []
    var indexes: [String: Int] = [:]
    /// Topics of each configuration message.
    var sources: [String: Set<String>] = [:]
    /// Looked up without making a string of the topic; -1: not ours.
    private var known = TopicMemory<Int32>()
    private var isKnownStale = false
    private var valueCount = 0
    private var identity = ForeignIdentity()
    private let prefix: String

    /// `prefix`: under which configuration messages stand, without `/` at its end.
    public init(prefix: String = "homeassistant") { self.prefix = prefix }

    /// As the type says.
    public var filters: [TopicFilter] {
        ["\(prefix)/+/+/config", "\(prefix)/+/+/+/config"].map { TopicFilter($0, retained: .always) }
    }

    /// As the protocol says.
    public mutating func decode(
        _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
    ) throws(RejectReason) -> Verdict? {
        let last = message.levelCount - 1
        if (3...4).contains(last), message.level(last, is: "config"), message.level(0).elementsEqual(prefix.utf8) {
            try describe(message, into: &batch, &effects)
            return .taken
        }
        // It may be described later.
        guard let index = index(of: message) else { return .unclaimed }
        tellWords(message, index, &effects)
        return try state(message, topics[index].values, into: &batch, &effects)
    }

    private mutating func index(of message: TopicMessage) -> Int? {
        guard !indexes.isEmpty else { return nil }
        if isKnownStale {
            known.forgetAll()
            isKnownStale = false
        }
        if let known = known[message] { return known < 0 ? nil : Int(known) }
        let index = indexes[String(decoding: message.topic, as: UTF8.self)]
        known[message] = Int32(index ?? -1)
        return index
    }

    private mutating func describe(
        _ message: TopicMessage, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        guard ForeignName.isUTF8(message.topic) else { throw .notUTF8 }
        let source = String(decoding: message.topic, as: UTF8.self)
        let before = sources[source] ?? []
        // What was said of them holds no longer, unless it is said again.
        var expiries = forget(source)
        defer {
            for topic in before.sorted() where indexes[topic] == nil { effects.unsubscriptions.append(topic) }
            isKnownStale = true
            for (device, metrics) in expiries {
                var presence = DevicePresence()
                presence.isOld = true
                presence.expiries = metrics
                effects.tell(device, presence)
            }
        }
        guard !message.payload.isEmpty else { return }
        let root = try message.json()
        guard root.isObject else { throw .malformedJSON }
        let last = message.levelCount - 1
        let object = String(decoding: message.level(last - 1), as: UTF8.self)
        let node = last == 4 ? String(decoding: message.level(2), as: UTF8.self) : nil
        let component = String(decoding: message.level(1), as: UTF8.self)
        // What has no state, such as a button, is nothing to us.
        guard let described = DiscoveryMessage(root, component: component, node: node, object: object) else { return }
        guard let device = ForeignName.device(described.device) else { throw .badDeviceID }
        for entity in described.entities {
            enter(entity, node: node, described.device, device, source, &expiries, &effects)
            if let template = entity.foreignTemplate, !message.isRetained || !before.contains(entity.stateTopic) {
                batch.append(Self.notice(of: template, entity, device, message))
            }
        }
        for word in described.availability {
            let added = add(word.topic, source, &effects) { topic in
                topic.words.append(
                    DiscoveredTopic.Word(source: source, device: device, availability: word))
            }
            if !added { effects.drop(.tooManyNames) }
        }
        var presence = DevicePresence()
        presence.isOld = message.isRetained
        presence.displayName = described.name.map { String($0.prefix(64)) }
        presence.boardType = described.model.map { String($0.prefix(64)) }
        presence.firmware = described.firmware.map { String($0.prefix(64)) }
        presence.expiries = expiries.removeValue(forKey: device) ?? [:]
        effects.tell(device, presence)
    }

    private mutating func enter(
        _ entity: DiscoveryMessage.Entity, node: String?, _ identifier: String, _ device: DeviceName, _ source: String,
        _ expiries: inout [DeviceName: [MetricName: Int64?]], _ effects: inout TopicEffects
    ) {
        var name = entity.object
        // Without a node in the topic, objects carry the device's name to be unique.
        if node == nil, name.hasPrefix(identifier + "_"), name.utf8.count > identifier.utf8.count + 1 {
            name.removeFirst(identifier.count + 1)
        }
        guard let metric = ForeignName.metric(name, by: device), valueCount < Self.valueCountMax else {
            return effects.drop(.tooManyNames)
        }
        let told = entity.foreignTemplate == nil ? entity.unit : nil
        let unit = told.map { UnitSpelling.unit($0, by: device) } ?? Unit.none
        if unit == nil { effects.drop(.unitNotStorable) }
        let value = DiscoveredTopic.Value(entity, of: device, metric, unit ?? .none, source: source)
        var hasRoom = true
        let added = add(entity.stateTopic, source, &effects) { topic in
            hasRoom = topic.values.count < Self.valuesPerTopicMax
            if hasRoom { topic.values.append(value) }
        }
        guard added, hasRoom else { return effects.drop(.tooManyNames) }
        valueCount += 1
        if let after = value.expireAfter { expiries[device, default: [:]].updateValue(after, forKey: metric) }
    }

    /// False if there is no room for another topic.
    private mutating func add(
        _ topic: String, _ source: String, _ effects: inout TopicEffects, _ change: (inout DiscoveredTopic) -> Void
    ) -> Bool {
        let index: Int
        if let known = indexes[topic] {
            index = known
        } else {
            guard indexes.count < Self.topicCountMax else { return false }
            if let reused = free.popLast() {
                index = reused
            } else {
                index = topics.count
                topics.append(DiscoveredTopic())
            }
            indexes[topic] = index
            effects.subscriptions.append(topic)
        }
        change(&topics[index])
        sources[source, default: []].insert(topic)
        return true
    }

    /// Returns the values that are good for ever now, unless they are described again.
    private mutating func forget(_ source: String) -> [DeviceName: [MetricName: Int64?]] {
        var lapsed: [DeviceName: [MetricName: Int64?]] = [:]
        for topic in sources.removeValue(forKey: source) ?? [] {
            guard let index = indexes[topic] else { continue }
            for value in topics[index].values where value.source == source && value.expireAfter != nil {
                lapsed[value.device, default: [:]].updateValue(nil, forKey: value.metric)
            }
            let before = topics[index].values.count
            topics[index].remove(source: source)
            valueCount -= before - topics[index].values.count
            guard topics[index].isEmpty else { continue }
            indexes[topic] = nil
            free.append(index)
        }
        return lapsed
    }

    mutating func closeKept(_ observation: Observation, _ message: TopicMessage, in batch: inout ObservationBatch) {
        identity.close(observation, of: message, in: &batch)
    }

    private static func notice(
        of template: String, _ entity: DiscoveryMessage.Entity, _ device: DeviceName, _ message: TopicMessage
    ) -> Note {
        let body: JSON = [
            "object": .string(entity.object), "template": .string(template), "state_topic": .string(entity.stateTopic),
        ]
        return Note(
            .events, kind: "template_unsupported", device: device.id, body: body.text, received: message.received)
    }
}
