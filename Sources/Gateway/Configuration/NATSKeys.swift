public import GatewayModel
public import YAMLText

/// The keys of a destination of kind `nats`.
public struct NATSKeys: Sendable {
    /// What a full stream does.
    public enum Discard: String, CaseIterable, Sendable {
        case new, old
    }

    /// The JetStream stream that takes our subjects, and how it is made.
    public struct Stream: Sendable {
        /// Nil: `mycogate-` and the gateway's id.
        public var name: String?
        public var creates: Bool
        public var replicas: Int
        /// Nil: no limit.
        public var maxBytes: Int64?
        public var maxAge: Duration?
        public var discard: Discard
        public var duplicateWindow: Duration
        public var domain: String?

        init(_ section: YAMLSection) {
            name = section.value("name", accepted: "1…128 letters, digits, `-`, `_`") { $0.text.flatMap(Self.name) }
            creates = section.flag("create", default: true)
            replicas = section.integer("replicas", in: 1...5, default: 1)
            maxBytes = section.byteCount("max_bytes", in: (1 << 20)...(1 << 50))
            maxAge = section.duration("max_age", in: .seconds(3_600)...(.seconds(3_650 * 86_400)))
            discard = section.choice("discard", default: Discard.new)
            duplicateWindow = section.duration(
                "duplicate_window", in: .milliseconds(100)...(.seconds(86_400)), default: .seconds(120))
            domain = section.value("domain", accepted: "1…128 letters, digits, `-`, `_`") { $0.text.flatMap(Self.name) }
        }

        private static func name(_ text: String) -> String? {
            let isName = text.utf8.allSatisfy {
                $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_")
            }
            return isName && (1...128).contains(text.utf8.count) ? text : nil
        }
    }

    /// Further servers of the cluster.
    public var servers: [String]
    public var streams: [StreamName]
    public var user: String?
    public var password: SecretReference?
    public var token: SecretReference?
    public var credentialsFile: String?
    public var certificate: String?
    public var key: String?
    public var stream: Stream

    static let acceptedAddress = "nats://HOST[:PORT] or tls://HOST[:PORT]"

    init(_ section: YAMLSection) {
        servers =
            section.values("servers", countMax: 16, accepted: Self.acceptedAddress) { $0.text.flatMap(Self.address) }
            ?? []
        streams = section.choices("streams") ?? [.readings]
        user = section.text("user", length: 1...256)
        password = section.presentSecret("password", isOnly: false)
        token = section.presentSecret("token", isOnly: false)
        credentialsFile = section.file("credentials_file")
        certificate = section.file("certificate_file")
        key = section.file("key_file")
        stream = section.sectionOrDefaults("jetstream") { Stream($0) }
        if (user == nil) != (password == nil) {
            section.reject("user", .missingKey, "goes with `user` and a password (`password_file` …) together")
        }
        if [user != nil, token != nil, credentialsFile != nil].filter({ $0 }).count > 1 {
            section.reject("token_file", .conflict, "one of a user, a token and `credentials_file` is enough")
        }
        if (certificate == nil) != (key == nil) {
            section.reject("certificate_file", .missingKey, "goes with `certificate_file` and `key_file` together")
        }
    }

    /// The address of a server with its port; nil if it is none. User and password have keys of their own.
    static func address(_ text: String) -> String? {
        for scheme in ["nats://", "tls://"] where text.hasPrefix(scheme) {
            let rest = text.dropFirst(scheme.count)
            guard !rest.contains("@"), !rest.contains("/"),
                let address = Address(String(rest), portMin: 1, portDefault: 4_222)
            else { return nil }
            let host = address.host.contains(":") ? "[\(address.host)]" : address.host
            return "\(scheme)\(host):\(address.port)"
        }
        return nil
    }
}
