/// Host names as clients and configurations write them: case, port, brackets and a trailing dot do not matter.
enum HostName {
    /// `[::1]:8003` is `::1`, `Gateway.local.:80` is `gateway.local`. Nil if it names nothing.
    static func normalized(_ text: String) -> String? {
        var name = Substring(text.lowercased())
        if name.hasPrefix("[") {
            guard let end = name.firstIndex(of: "]") else { return nil }
            let rest = name[name.index(after: end)...]
            guard rest.isEmpty || isPort(rest) else { return nil }
            name = name[name.index(after: name.startIndex)..<end]
        } else if name.filter({ $0 == ":" }).count == 1, let colon = name.firstIndex(of: ":") {
            guard isPort(name[colon...]) else { return nil }
            name = name[..<colon]
        }
        if name.hasSuffix(".") { name.removeLast() }
        return name.isEmpty ? nil : String(name)
    }

    /// The host of an `Origin` field; nil for `null` and other schemes.
    static func ofOrigin(_ origin: String) -> String? {
        for scheme in ["http://", "https://"] where origin.lowercased().hasPrefix(scheme) {
            return normalized(String(origin.dropFirst(scheme.count)))
        }
        return nil
    }

    /// Names and addresses by which only this machine is meant.
    static func isLoopback(_ name: String) -> Bool {
        name == "localhost" || name == "::1" || name == "ip6-localhost" || name.hasPrefix("127.") && isAddress(name)
    }

    /// Whether this listens on every address of the machine.
    static func isWildcard(_ name: String) -> Bool { ["0.0.0.0", "::", "*", ""].contains(name) }

    /// A numeric address. A page that rebinds its name can never send one as its host.
    static func isAddress(_ name: String) -> Bool {
        if name.contains(":") { return name.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." } }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && text.dropFirst().utf8.count <= 5 && text.dropFirst().allSatisfy(\.isNumber)
    }
}
