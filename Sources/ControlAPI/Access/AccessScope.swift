/// What a token allows. `admin` includes all the others.
public enum AccessScope: String, Sendable, CaseIterable {
    case readReadings = "read:readings"
    case writeCommands = "write:commands"
    case writeIngest = "write:ingest"
    case syncPull = "sync:pull"
    case firmwareWrite = "firmware:write"
    case llmInvoke = "llm:invoke"
    case contextRead = "context:read"
    case tasksWrite = "tasks:write"
    case approve
    case admin

    /// The scopes named in `text`, separated by commas or spaces; nil if one is unknown or there is none.
    public static func parse(_ text: String) -> Set<AccessScope>? {
        var scopes: Set<AccessScope> = []
        for name in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
            guard let scope = AccessScope(rawValue: String(name)) else { return nil }
            scopes.insert(scope)
        }
        return scopes.isEmpty ? nil : scopes
    }
}

/// Who asks, as far as it is known, for audit entries and command origins.
public enum Principal: Sendable, Equatable {
    /// Nobody in particular: an open route, or a loopback client without a token.
    case anonymous
    case token(name: String, scopes: Set<AccessScope>)
    /// A local process that may do everything.
    case local(uid: UInt32)

    /// `http`, `http:<token name>` or `cli:<user>`.
    public var origin: String {
        switch self {
        case .anonymous: "http"
        case .token(let name, _): "http:" + name
        case .local(let uid): "cli:" + UserName.of(uid)
        }
    }
}
