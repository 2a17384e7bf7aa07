/// What the access rules say about one request.
public enum AccessDecision: Sendable, Equatable {
    case allow(Principal)
    /// 401 without or with a useless token, 403 for what this caller may not do, 421 for a foreign host name.
    case deny(Problem)
}
