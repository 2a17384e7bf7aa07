internal import GatewayModel
internal import JSONText

/// A configuration message of Home Assistant's MQTT discovery, with abbreviations resolved and `~` filled in.
struct DiscoveryMessage {
    /// One value that a device publishes.
    struct Entity: Equatable {
        /// `sensor`, `binary_sensor`, `switch` …
        var component: String
        var object: String
        var name: String?
        var stateTopic: String
        var template: ValueTemplate
        /// The template as it was written, if it is beyond the subset: the payload is stored as it comes.
        var foreignTemplate: String?
        /// The template as it was written.
        var written: String?
        var unit: String?
        var deviceClass: String?
        var uniqueID: String?
        /// Seconds after which a value is stale.
        var expireAfter: Double?
        var payloadOn: String
        var payloadOff: String
    }

    /// Where a device says whether it is there.
    struct Availability: Equatable {
        var topic: String
        var online: String
        var offline: String
        var template: ValueTemplate
        var mode: Mode
    }

    /// What several words on one device amount to.
    enum Mode: String { case all, any, latest }

    /// What the device calls itself: its first identifier.
    var device: String
    var name: String?
    var model: String?
    var firmware: String?
    var entities: [Entity] = []
    var availability: [Availability] = []

    /// Entities of one message; topics and texts are bounded too.
    static let entityCountMax = 500
    static let topicByteCountMax = 512

    /// Nil if it says nothing that could be used: no device, or no topic with a state.
    init?(_ root: JSONValue, component: String, node: String?, object: String) {
        let top = Members(root, base: nil)
        let device = top.value("device", "dev")
        let identifiers = device.flatMap { Members($0, base: nil).value("identifiers", "ids") }
        let identifier = identifiers?.string ?? identifiers?[0]?.string
        self.device = identifier ?? node ?? object
        if let device {
            let about = Members(device, base: nil)
            name = about.text("name", "name")
            model = about.text("model", "mdl")
            firmware = about.text("sw_version", "sw")
        }
        availability = Self.availability(top)
        // What this program itself announces has been stored where it came from.
        if Self.isOurs(top) { return nil }
        if let components = top.value("components", "cmps"), components.isObject {
            var count = 0
            components.forEachMember { key, value in
                count += 1
                guard count <= Self.entityCountMax else { return }
                let own = Members(value, base: top.base)
                // A platform and nothing else removes the component.
                guard let platform = own.text("platform", "p"), value.count > 1 else { return }
                if let entity = Self.entity(own, top, platform, String(decoding: key, as: UTF8.self)) {
                    entities.append(entity)
                }
                availability += Self.availability(own)
            }
        } else if let entity = Self.entity(top, nil, component, object) {
            entities = [entity]
        }
        var topics: Set<String> = []
        availability = availability.filter { topics.insert($0.topic).inserted }.sorted { $0.topic < $1.topic }
        if entities.isEmpty, availability.isEmpty { return nil }
    }

    private static func entity(
        _ own: Members, _ shared: Members?, _ component: String, _ object: String
    ) -> Entity? {
        // They only take commands: a topic that all components of a device share is not theirs.
        if Self.stateless.contains(component) { return nil }
        guard let topic = own.topic("state_topic", "stat_t") ?? shared?.topic("state_topic", "stat_t") else {
            return nil
        }
        let written =
            own.text("value_template", "val_tpl") ?? own.text("state_value_template", "stat_val_tpl")
        let template = written.map { ValueTemplate($0) } ?? .whole
        return Entity(
            component: component, object: object, name: own.text("name", "name"), stateTopic: topic,
            template: template ?? .whole, foreignTemplate: template == nil ? written : nil,
            written: written, unit: own.text("unit_of_measurement", "unit_of_meas"),
            deviceClass: own.text("device_class", "dev_cla"), uniqueID: own.text("unique_id", "uniq_id"),
            expireAfter: own.value("expire_after", "exp_aft")?.double,
            payloadOn: own.word("state_on", "stat_on") ?? own.word("payload_on", "pl_on") ?? "ON",
            payloadOff: own.word("state_off", "stat_off") ?? own.word("payload_off", "pl_off") ?? "OFF")
    }

    private static let stateless: Set<String> = ["button", "scene", "notify", "tag", "device_automation"]

    private static func availability(_ members: Members) -> [Availability] {
        let mode = members.text("availability_mode", "avty_mode").flatMap { Mode(rawValue: $0) } ?? .latest
        func one(_ members: Members, _ topic: String?, _ template: String?) -> Availability? {
            guard let topic else { return nil }
            // A word that cannot be picked out says nothing.
            guard let template = template.map({ ValueTemplate($0) }) ?? .whole else { return nil }
            return Availability(
                topic: topic, online: members.word("payload_available", "pl_avail") ?? "online",
                offline: members.word("payload_not_available", "pl_not_avail") ?? "offline", template: template,
                mode: mode)
        }
        var found: [Availability] = []
        let plain = one(
            members, members.topic("availability_topic", "avty_t"), members.text("availability_template", "avty_tpl"))
        if let plain { found.append(plain) }
        members.value("availability", "avty")?.forEachElement { element in
            let own = Members(element, base: members.base)
            if found.count < 8, let one = one(own, own.topic("topic", "t"), own.text("value_template", "val_tpl")) {
                found.append(one)
            }
        }
        return found
    }

    /// What a template makes of a value, as text: Python's spelling. Nil if it is none.
    static func word(_ value: JSONValue) -> String? {
        if let flag = value.bool { return flag ? "True" : "False" }
        return value.string ?? (value.double == nil ? nil : JSON(value).text)
    }

    private static func isOurs(_ top: Members) -> Bool {
        top.value("origin", "o")?["name"]?.utf8?.elementsEqual("mycogate".utf8) ?? false
    }

    /// Members by their long or short name.
    struct Members {
        let object: JSONValue
        /// What `~` stands for.
        let base: String?

        init(_ object: JSONValue, base: String?) {
            self.object = object
            self.base = object["~"]?.string ?? base
        }

        func value(_ long: String, _ short: String) -> JSONValue? { object[computed: long] ?? object[computed: short] }

        func text(_ long: String, _ short: String) -> String? {
            guard let text = value(long, short)?.string, text.utf8.count <= 512 else { return nil }
            return text
        }

        /// A payload to compare with: a text, or a flag or number as Python writes it.
        func word(_ long: String, _ short: String) -> String? {
            text(long, short) ?? value(long, short).flatMap { DiscoveryMessage.word($0) }
        }

        /// `~` stands at the beginning or the end of a topic.
        func topic(_ long: String, _ short: String) -> String? {
            guard var topic = text(long, short) else { return nil }
            if let base {
                if topic.hasPrefix("~") { topic = base + topic.dropFirst() }
                if topic.hasSuffix("~") { topic = topic.dropLast() + base }
            }
            let isTopic =
                !topic.isEmpty
                && topic.utf8.allSatisfy { $0 != 0 && $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "#") }
            return isTopic && topic.utf8.count <= topicByteCountMax ? topic : nil
        }
    }
}
