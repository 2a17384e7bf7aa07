import GatewayModel
import HTTPServer
import Testing

@testable import ControlAPI

/// The decision table of the contract's paragraph on access, in full.
@Suite struct AccessPolicyTests {
    enum Caller: CaseIterable {
        case root, daemonUser, primaryGroup, supplementaryGroup, otherLocal, loopback, remote

        var peer: HTTPPeer {
            switch self {
            case .root: .unix(uid: 0, gid: 0, groups: [], pid: 1)
            case .daemonUser: .unix(uid: 500, gid: 9, groups: [], pid: 1)
            case .primaryGroup: .unix(uid: 1000, gid: 600, groups: [], pid: 1)
            case .supplementaryGroup: .unix(uid: 1000, gid: 1000, groups: [4, 600], pid: 1)
            case .otherLocal: .unix(uid: 1000, gid: 1000, groups: [4], pid: 1)
            case .loopback: .tcp(address: "127.0.0.1", isLoopback: true)
            case .remote: .tcp(address: "192.0.2.7", isLoopback: false)
            }
        }

        var isAdministrator: Bool {
            [.root, .daemonUser, .primaryGroup, .supplementaryGroup].contains(self)
        }
        var isLocal: Bool { self != .remote }
    }

    enum Token: CaseIterable {
        case none, unknown, expired, matching, other, admin

        func presented(for scope: AccessScope?) -> PresentedToken {
            let matching = scope ?? .readReadings
            let other = AccessScope.allCases.first { $0 != matching && $0 != .admin } ?? .approve
            return switch self {
            case .none: .none
            case .unknown: .unknown
            case .expired: .expired(name: "t")
            case .matching: .valid(Self.entry([matching]))
            case .other: .valid(Self.entry([other]))
            case .admin: .valid(Self.entry([.admin]))
            }
        }

        private static func entry(_ scopes: Set<AccessScope>) -> AccessTokens.Entry {
            AccessTokens.Entry(
                name: "t", scopes: scopes, created: Timestamp(milliseconds: 0, trusted: true))
        }
    }

    private let policy = AccessPolicy(
        listen: ["127.0.0.1"], names: ["gw.example.net"], daemonUser: 500, daemonGroup: 600)

    private func request(
        _ method: String, _ peer: HTTPPeer, host: String = "127.0.0.1:8003"
    ) throws
        -> HTTPRequest
    {
        try #require(HTTPRequest(method, "/x", headers: ["Host": host], peer: peer))
    }

    /// What the contract says, written down a second time and differently.
    private func expected(
        _ caller: Caller, _ token: Token, _ scope: AccessScope?, _ method: String
    )
        -> Int
    {
        if caller.isAdministrator { return 200 }
        guard let scope else { return 200 }
        switch token {
        case .unknown, .expired: return 401
        case .matching, .admin: return 200
        case .other: return 403
        case .none:
            let reads =
                [.readReadings, .contextRead, .syncPull].contains(scope)
                && ["GET", "HEAD"].contains(method)
            return caller.isLocal && reads ? 200 : 401
        }
    }

    @Test func everyCallerTokenScopeAndMethodIsDecidedAsTheContractSays() throws {
        let scopes: [AccessScope?] = [nil] + AccessScope.allCases.map { $0 }
        for caller in Caller.allCases {
            for token in Token.allCases {
                for scope in scopes where !(scope == .admin && token == .other) {
                    for method in ["GET", "HEAD", "POST", "DELETE", "BREW"] {
                        let decision = policy.decide(
                            try request(method, caller.peer), scope: scope, token: token.presented(for: scope))
                        #expect(
                            status(decision) == expected(caller, token, scope, method),
                            "\(caller) \(token) \(scope?.rawValue ?? "open") \(method)")
                    }
                }
            }
        }
    }

    private func status(_ decision: AccessDecision) -> Int {
        switch decision {
        case .allow: 200
        case .deny(let problem): problem.status
        }
    }

    @Test func principalsAreNamedForTheAudit() throws {
        let token = Token.matching.presented(for: .syncPull)
        let remote = try request("GET", Caller.remote.peer)
        #expect(
            policy.decide(remote, scope: .syncPull, token: token)
                == .allow(.token(name: "t", scopes: [.syncPull])))
        #expect(policy.decide(remote, scope: nil, token: .unknown) == .allow(.anonymous))
        let local = try request("POST", Caller.root.peer)
        #expect(policy.decide(local, scope: .admin, token: .none) == .allow(.local(uid: 0)))
        #expect(Principal.token(name: "t", scopes: []).origin == "http:t")
    }

    @Test(arguments: [
        ("127.0.0.1:8003", true), ("127.1.2.3", true), ("localhost", true), ("LOCALHOST:8003", true),
        ("localhost.", true),
        ("[::1]:8003", true), ("gw.example.net", true), ("GW.example.NET:80", true),
        ("evil.example.com", false),
        ("localhost.evil.com", false), ("127.0.0.1.evil.com", false), ("192.0.2.9", false), ("", false),
        ("gw.example.net:x", false), ("[::1", false), ("gw.example.net.evil", false),
        ("127.evil", false),
    ])
    func onlyOurNamesAreAnswered(_ host: String, _ isOurs: Bool) throws {
        for caller in Caller.allCases {
            let decision = policy.decide(
                try request("GET", caller.peer, host: host), scope: nil, token: .none)
            let isUnix = if case .unix = caller.peer { true } else { false }
            #expect(status(decision) == (isOurs || isUnix ? 200 : 421), "\(caller)")
        }
    }

    @Test func aGatewayOnEveryAddressIsCalledByAnyNumberButNotByAnyName() throws {
        let open = AccessPolicy(listen: ["0.0.0.0"], names: [], daemonUser: 500, daemonGroup: 600)
        let peer = Caller.remote.peer
        for (host, wanted) in [
            ("192.0.2.9:8003", 200), ("[2001:db8::1]:8003", 200), ("evil.example.com", 421),
        ] {
            #expect(
                status(open.decide(try request("GET", peer, host: host), scope: nil, token: .none))
                    == wanted)
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:8003", 200), ("https://gw.example.net", 200),
        ("http://evil.example.com", 403),
        ("null", 403),
        ("chrome-extension://abc", 403),
    ])
    func pagesOfOtherSitesAreKeptOut(_ origin: String, _ wanted: Int) throws {
        var request = try request("POST", Caller.loopback.peer)
        request.headers["Origin"] = origin
        let token = Token.matching.presented(for: .writeCommands)
        #expect(status(policy.decide(request, scope: .writeCommands, token: token)) == wanted)
    }

    @Test func grantsToLocalClientsCanBeWidened() throws {
        var policy = policy
        policy.localGrants.insert(.writeCommands)
        let local = try request("POST", Caller.loopback.peer)
        let remote = try request("POST", Caller.remote.peer)
        #expect(status(policy.decide(local, scope: .writeCommands, token: .none)) == 200)
        #expect(status(policy.decide(local, scope: .syncPull, token: .none)) == 401)
        #expect(status(policy.decide(remote, scope: .writeCommands, token: .none)) == 401)
    }

    @Test func nobodyListensBeyondLoopbackWithoutATokenForIt() {
        for host in ["0.0.0.0", "::", "192.0.2.1", "gw.example.net", "*", "", "[::]", "127.evil"] {
            #expect(
                AccessPolicy.obstacle(toListeningOn: ["127.0.0.1", host], hasUsableToken: false) != nil,
                "\(host)")
            #expect(
                AccessPolicy.obstacle(toListeningOn: ["127.0.0.1", host], hasUsableToken: true) == nil,
                "\(host)")
        }
        for host in ["127.0.0.1", "::1", "localhost", "127.8.8.8"] {
            #expect(AccessPolicy.obstacle(toListeningOn: [host], hasUsableToken: false) == nil, "\(host)")
        }
    }

    @Test func theSecretIsFoundInEitherHeader() {
        #expect(PresentedToken.secret(in: ["authorization": "bearer mgt_a"]) == "mgt_a")
        #expect(PresentedToken.secret(in: ["X-API-Key": "mgt_b"]) == "mgt_b")
        #expect(PresentedToken.secret(in: ["Authorization": "Basic eDp5"]) == nil)
        #expect(PresentedToken.secret(in: [:]) == nil)
    }
}
