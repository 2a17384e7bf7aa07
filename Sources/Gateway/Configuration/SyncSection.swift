public import GatewayModel
public import YAMLText

/// `sync`: who gets the records.
public struct SyncSection: Sendable {
    /// The protocols that can be pushed with.
    public enum Kind: String, CaseIterable, Sendable {
        case mas, mindex, mycorrhizae, website, nats, http, influx

        /// What is sent unless `streams` says otherwise.
        var streams: [StreamName] {
            switch self {
            case .mas: [.readings, .audit, .tasks]
            case .http: [.readings, .events, .audit]
            case .influx, .mindex, .mycorrhizae, .website, .nats: [.readings]
            }
        }
    }

    /// Where a consumer begins that was never seen before.
    public enum Start: String, CaseIterable, Sendable {
        case oldest, now
    }

    /// A destination that is pushed to.
    public struct Destination: Sendable {
        public var name: String
        public var kind: Kind
        /// Without a slash at its end.
        public var url: String
        public var required: Bool
        public var from: Start
        public var serviceToken: SecretReference?
        public var certificateAuthority: String?
        public var parallelism: Int
        public var streams: [StreamName]
        /// Bytes a second on average; nil: as fast as it goes.
        public var bandwidth: Int64?
        /// What only one kind has.
        public var mindex: MINDEXKeys?
        public var mycorrhizae: MycorrhizaeKeys?
        public var website: WebsiteKeys?
        public var nats: NATSKeys?
        public var collector: CollectorKeys?
        public var influx: InfluxKeys?

        /// All cursors that it has.
        var consumers: [String] { mycorrhizae?.acknowledgesReplays == true ? [name, name + "-acks"] : [name] }
    }

    /// A puller that retention waits for.
    public struct Consumer: Sendable {
        public var name: String
        public var streams: [StreamName]
        public var required: Bool
        public var from: Start
    }

    /// Who is pushed to, and who pulls.
    public var destinations: [Destination]
    public var consumers: [Consumer]

    init(_ section: YAMLSection) {
        destinations = section.sections("destinations", countMax: 32) { Self.destination($0) }
        consumers = section.sections("consumers", countMax: 32) { section in
            Consumer(
                name: Self.name(section), streams: section.choices("streams") ?? [.readings],
                required: section.flag("required", default: true), from: section.choice("from", default: Start.oldest))
        }
        for (index, destination) in destinations.enumerated() {
            guard let primary = destination.website?.primary, !primary.isEmpty else { continue }
            let isThere = destinations.contains { $0.name == primary && $0.website == nil }
            if !isThere {
                section.reject(
                    "destinations", .conflict,
                    "[\(index)].fallback_for: `\(primary)` is not there, accepted the name of a destination that is no fallback"
                )
            }
        }
        var names: Set<String> = []
        for name in destinations.flatMap(\.consumers) + consumers.map(\.name) where !names.insert(name).inserted {
            section.reject(
                "destinations", .conflict, "the name `\(name)` is given twice among destinations and consumers")
        }
    }

    private static func destination(_ section: YAMLSection) -> Destination {
        let kind: Kind = section.requiredChoice("kind") ?? .mas
        var destination = Destination(
            name: name(section), kind: kind,
            url: section.requiredValue("url", accepted: acceptedURL(kind)) {
                $0.text.flatMap(kind == .nats ? NATSKeys.address : url)
            } ?? "",
            required: section.flag("required", default: kind != .website),
            from: section.choice("from", default: Start.oldest), certificateAuthority: section.file("ca_file"),
            parallelism: section.integer("parallelism", in: 1...64, default: 4), streams: kind.streams,
            bandwidth: section.value("bandwidth", accepted: "1KiB/s…1GiB/s, such as 64KiB/s") {
                $0.text.flatMap(bandwidth)
            })
        if [.mas, .http, .influx].contains(kind), let streams: [StreamName] = section.choices("streams") {
            destination.streams = streams
        }
        switch kind {
        case .http: destination.collector = CollectorKeys(section)
        case .influx: destination.influx = InfluxKeys(section)
        case .mas: destination.serviceToken = section.presentSecret("token")
        case .mindex: destination.mindex = MINDEXKeys(section)
        case .mycorrhizae: destination.mycorrhizae = MycorrhizaeKeys(section)
        case .website: destination.website = WebsiteKeys(section)
        case .nats:
            let keys = NATSKeys(section)
            destination.nats = keys
            destination.streams = keys.streams
        }
        return destination
    }

    private static func name(_ section: YAMLSection) -> String {
        section.requiredValue("name", accepted: "1…64 letters, digits, `-` and `_`") { node -> String? in
            guard let text = node.text, isConsumerName(text) else { return nil }
            return text
        } ?? ""
    }

    /// Whether `text` can name a consumer, here and in `POST /api/v1/sync/{stream}/ack`.
    public static func isConsumerName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    }

    private static func acceptedURL(_ kind: Kind) -> String {
        kind == .nats ? NATSKeys.acceptedAddress : "http://HOST[:PORT][/PATH] or https://…"
    }

    private static func bandwidth(_ text: String) -> Int64? {
        guard text.hasSuffix("/s"), let rate = ByteCountText.parse(String(text.dropLast(2))),
            (1_024...(1 << 30)).contains(rate)
        else { return nil }
        return rate
    }

    private static func url(_ text: String) -> String? {
        guard text.hasPrefix("http://") || text.hasPrefix("https://"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        else { return nil }
        let rest = text.drop { $0 != "/" }.dropFirst(2)
        let authority = rest.prefix { $0 != "/" }
        guard !authority.contains("@"), Address(String(authority), portMin: 1, portDefault: 80) != nil else {
            return nil
        }
        return text.hasSuffix("/") ? String(text.dropLast()) : text
    }
}
