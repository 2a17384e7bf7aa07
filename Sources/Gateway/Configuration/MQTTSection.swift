public import Drivers
public import FieldProtocols
public import YAMLText

/// `mqtt`: the broker that devices publish to.
public struct MQTTSection: Sendable {
    /// Whose broker it is.
    public enum Broker: Sendable, Equatable {
        /// A private mosquitto on loopback, started by the gateway.
        case embedded
        case remote(Address, tls: Bool)
    }

    /// Who is told of the devices that the gateway has.
    public enum Announcement: String, Sendable, CaseIterable {
        case homeassistant
    }

    /// Nil: no MQTT.
    public var broker: Broker?
    /// The port of the embedded broker; nil: a free one.
    public var port: Int?
    public var user: String?
    public var password: SecretReference?
    public var certificateAuthority: String?
    public var certificate: String?
    public var key: String?
    public var clientID: String?
    public var sessionExpiry: Duration
    /// Profiles whose topics are taken in.
    public var profiles: [PlacedProfile]
    /// The conventions beside our own topics that are understood, in the order in which they are asked.
    public var families: [TopicFamilyName]
    /// Topics of the site's own.
    public var topics: [SiteTopic]
    /// To whom the site's devices are announced; nil: to nobody.
    public var announcement: Announcement?
    /// The name under which this gateway is a Sparkplug host application; nil: it is none.
    public var sparkplugHost: String?

    init(_ section: YAMLSection, _ library: ProfileLibrary) {
        broker = section.value("broker", accepted: "embedded, mqtt://HOST[:PORT] or mqtts://HOST[:PORT]") { node in
            node.text.flatMap(Self.broker)
        }
        port = section.integer("port", in: 1...65_535)
        if port != nil, broker != .embedded {
            section.reject(
                "port", .conflict, "belongs to `broker: embedded`; a remote broker's port is part of its URL")
        }
        user = section.text("user", length: 1...256)
        password = section.presentSecret("password")
        if password != nil, user == nil { section.reject("user", .missingKey, "is missing, `password` needs it") }
        certificateAuthority = section.file("ca_file")
        certificate = section.file("certificate_file")
        key = section.file("key_file")
        if (certificate == nil) != (key == nil) {
            section.reject("certificate_file", .missingKey, "goes with `certificate_file` and `key_file` together")
        }
        clientID = section.text("client_id", length: 1...64)
        profiles = (section.texts("profiles", countMax: 200, length: 1...64) ?? []).compactMap {
            section.profile(named: $0, "profiles", from: library, of: ["mqtt"])
        }
        sessionExpiry = section.duration(
            "session_expiry", in: .seconds(60)...(.seconds(30 * 86_400)), default: .seconds(7 * 86_400))
        let chosen = section.choices("families", of: TopicFamilyName.self)
        families = TopicFamilyName.allCases.filter { chosen?.contains($0) ?? TopicFamilyName.usual.contains($0) }
        topics = section.sections("topics", countMax: 200, Self.topic)
        announcement = section.choice("announce")
        sparkplugHost = section.value("sparkplug_host", accepted: "1…64 bytes without `/`, `+` and `#`") { node in
            node.text.flatMap { Self.isHostName($0) ? $0 : nil }
        }
    }

    private static func topic(_ section: YAMLSection) -> SiteTopic {
        let filter = section.requiredValue("filter", accepted: "an MQTT topic filter of 1…512 bytes") { node in
            node.text.flatMap { TopicFilter.isValid($0) ? $0 : nil }
        }
        var topic = SiteTopic(filter: filter ?? "invalid")
        topic.format = section.choice("format", default: SiteTopic.Format.auto)
        topic.deviceLevel = section.integer("device_level", in: 1...TopicMessage.levelCountMax)
        topic.precision = section.choice("precision", default: SiteTopic.Precision.nanoseconds)
        let units = section.values("units", countMax: 200, accepted: "`METRIC=UNIT`") { node in
            node.text.flatMap(Self.unit)
        }
        for (metric, unit) in units ?? [] { topic.units[metric] = unit }
        return topic
    }

    private static func isHostName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && TopicFilter.isValid(text)
            && !text.contains { $0 == "/" || $0 == "+" || $0 == "#" }
    }

    private static func unit(_ text: String) -> (metric: String, unit: String)? {
        guard let mark = text.firstIndex(of: "="), mark > text.startIndex else { return nil }
        let unit = text[text.index(after: mark)...]
        guard !unit.isEmpty, unit.utf8.count <= 32 else { return nil }
        return (String(text[..<mark]), String(unit))
    }

    private static func broker(_ text: String) -> Broker? {
        if text == "embedded" { return .embedded }
        for (prefix, tls, port) in [("mqtt://", false, 1_883), ("mqtts://", true, 8_883)] where text.hasPrefix(prefix) {
            return Address(String(text.dropFirst(prefix.count)), portMin: 1, portDefault: port).map {
                .remote($0, tls: tls)
            }
        }
        return nil
    }
}
