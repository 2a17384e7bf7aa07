public import HTTPServer

/// The access rules, as a pure decision.
///
/// - Local processes of root, of the daemon's user or of its group may do everything over the Unix socket.
/// - Everybody else shows a token, except that local clients may read.
/// - The host a client asks for must be one of ours, else a web page that rebinds its name could use this interface.
public struct AccessPolicy: Sendable {
    /// What local clients may do without a token; reading scopes for GET and HEAD only.
    public var localGrants: Set<AccessScope> = [.readReadings, .contextRead, .syncPull]
    private let hosts: Set<String>
    private let allowsAddresses: Bool
    private let daemonUser: UInt32
    private let daemonGroup: UInt32

    private static let readingScopes: Set<AccessScope> = [.readReadings, .contextRead, .syncPull]

    /// The rules of a daemon that listens on the TCP hosts `listen`, is reached as `names` (the advertised address and
    /// what else is configured), and runs as this user and group.
    public init(listen: [String], names: [String], daemonUser: UInt32, daemonGroup: UInt32) {
        hosts = Set((listen + names).compactMap(HostName.normalized))
        // On every address: by a number only this machine can be meant.
        allowsAddresses = listen.contains(where: HostName.isWildcard)
        self.daemonUser = daemonUser
        self.daemonGroup = daemonGroup
    }

    /// Decides about `request` for a route that needs `scope` (nil: open to all), given what its token is worth.
    public func decide(_ request: HTTPRequest, scope: AccessScope?, token: PresentedToken) -> AccessDecision {
        if let problem = foreignHost(request) { return .deny(problem) }
        if let uid = localAdministrator(request.peer) { return .allow(.local(uid: uid)) }
        guard let scope else {
            if case .valid(let entry) = token { return .allow(.token(name: entry.name, scopes: entry.scopes)) }
            return .allow(.anonymous)
        }
        switch token {
        case .valid(let entry):
            guard entry.scopes.contains(scope) || entry.scopes.contains(.admin) else {
                return .deny(Problem(403, "scope_missing", "this needs a token with the scope \(scope.rawValue)"))
            }
            return .allow(.token(name: entry.name, scopes: entry.scopes))
        case .unknown: return .deny(Self.unauthorized("token_unknown", "this token is not known, or was revoked"))
        case .expired: return .deny(Self.unauthorized("token_expired", "this token has expired"))
        case .none:
            if isLocal(request.peer), mayWithoutToken(request.method, scope) { return .allow(.anonymous) }
            return .deny(Self.unauthorized("token_required", "this needs a token with the scope \(scope.rawValue)"))
        }
    }

    private func mayWithoutToken(_ method: String, _ scope: AccessScope) -> Bool {
        localGrants.contains(scope) && (method == "GET" || method == "HEAD" || !Self.readingScopes.contains(scope))
    }

    private func foreignHost(_ request: HTTPRequest) -> Problem? {
        if case .unix = request.peer { return nil }
        if let host = request.headers["Host"], !isOurs(HostName.normalized(host)) {
            return Problem(
                421, "host_not_allowed",
                "this gateway is not known by that host name; add it to http.hosts if it should")
        }
        if let origin = request.headers["Origin"], !isOurs(HostName.ofOrigin(origin)) {
            return Problem(403, "origin_not_allowed", "pages of that origin may not use this gateway")
        }
        return nil
    }

    private func isOurs(_ host: String?) -> Bool {
        guard let host else { return false }
        return HostName.isLoopback(host) || hosts.contains(host) || allowsAddresses && HostName.isAddress(host)
    }

    private func localAdministrator(_ peer: HTTPPeer) -> UInt32? {
        guard case .unix(let uid, let gid, let groups, _) = peer else { return nil }
        return uid == 0 || uid == daemonUser || gid == daemonGroup || groups.contains(daemonGroup) ? uid : nil
    }

    private func isLocal(_ peer: HTTPPeer) -> Bool {
        switch peer {
        case .unix: true
        case .tcp(_, let isLoopback): isLoopback
        }
    }

    private static func unauthorized(_ code: String, _ detail: String) -> Problem {
        Problem(401, code, detail, headers: ["WWW-Authenticate": "Bearer realm=\"mycogate\""])
    }

    /// Why a daemon may not listen on these hosts, or nil if it may: beyond loopback there must be a token.
    public static func obstacle(toListeningOn hosts: [String], hasUsableToken: Bool) -> String? {
        guard !hasUsableToken else { return nil }
        let open = hosts.first { host in
            guard let name = HostName.normalized(host) else { return true }
            return !HostName.isLoopback(name)
        }
        return open.map {
            "listening on \($0) lets others in, and there is no token: make one with `mycogate token create`, "
                + "or listen on 127.0.0.1"
        }
    }
}

extension AccessPolicy {
    /// The rules together with the tokens, as `RouteTable` wants them.
    public func check(with tokens: AccessTokens) -> @Sendable (HTTPRequest, AccessScope?) -> AccessDecision {
        { request, scope in
            let token = PresentedToken.secret(in: request.headers).map { tokens.check($0) } ?? .none
            return decide(request, scope: scope, token: token)
        }
    }
}
