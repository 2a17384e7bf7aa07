import YAMLText

/// `http`: where the gateway listens, and under which address others reach it.
public struct HTTPSection: Sendable {
    public var listen: Address
    /// What heartbeats tell the MAS to call back; nil: the address listened on.
    public var advertise: Address?
    /// Further names accepted in the `Host` header.
    public var hosts: [String]
    public var certificate: String?
    public var key: String?

    init(_ section: YAMLSection) {
        let listen =
            section.value("listen", accepted: Address.form) { $0.text.flatMap { Address($0, portMin: 0) } } ?? .standard
        self.listen = listen
        advertise = section.value("advertise", accepted: Address.form + ", port 1…65535") {
            $0.text.flatMap { Address($0, portMin: 1, portDefault: listen.port) }
        }
        hosts = section.texts("hosts", countMax: 32, length: 1...253) ?? []
        certificate = section.file("certificate")
        key = section.file("key")
        if (certificate == nil) != (key == nil) {
            section.reject(
                certificate == nil ? "certificate" : "key", .missingKey, "goes with `certificate` and `key` together")
        }
    }
}

/// A host and a port.
public struct Address: Sendable, Equatable, CustomStringConvertible {
    public var host: String
    public var port: Int

    static let standard = Address(host: "127.0.0.1", port: 8003)
    static let form = "HOST:PORT such as 127.0.0.1:8003"

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    init?(_ text: String, portMin: Int, portDefault: Int? = nil) {
        let host: Substring
        let port: Substring?
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.lastIndex(of: ":") {
            host = text[..<colon]
            guard !host.contains(":") else { return nil }
            port = text[text.index(after: colon)...]
        } else {
            host = text[...]
            port = nil
        }
        guard let number = port.map({ Int($0) }) ?? portDefault, (portMin...65_535).contains(number), !host.isEmpty,
            host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
        else { return nil }
        self.host = String(host)
        self.port = number
    }

    /// Whether only this box can reach it.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
