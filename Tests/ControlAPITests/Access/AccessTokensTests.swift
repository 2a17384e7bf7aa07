import ControlAPI
import GatewayModel
import GatewayTestKit
import SQLite
import Testing

@Suite struct AccessTokensTests {
    private let folder: TemporaryFolder
    private let path: String
    private let clock = VirtualClock()
    private let tokens: AccessTokens

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("state.db")
        let state = try Database(path: path)
        try state.migrate(AccessTokens.migrations)
        tokens = AccessTokens(state: state, clock: clock)
    }

    private func make(
        _ name: String, _ scopes: Set<AccessScope> = [.readReadings], lifetime: Duration? = nil, seed: UInt64 = 1
    ) throws -> AccessTokens.Issued {
        var random = SeededRandom(seed: seed)
        return try tokens.create(name: name, scopes: scopes, lifetime: lifetime, by: .local(uid: 0), using: &random)
    }

    private func name(of token: PresentedToken) -> String? {
        if case .valid(let entry) = token { entry.name } else { nil }
    }

    @Test func aTokenIsKnownByItsSecretAlone() throws {
        let first = try make("first", [.syncPull, .readReadings], seed: 1)
        let second = try make("second", seed: 2)
        #expect(first.secret.hasPrefix("mgt_") && first.secret.utf8.count == 4 + 43)
        #expect(first.secret.dropFirst(4).allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
        #expect(name(of: tokens.check(first.secret)) == "first")
        #expect(name(of: tokens.check(second.secret)) == "second")
        var wrong = first.secret
        wrong.removeLast()
        for text in [
            wrong, wrong + "!", first.secret + "A", "", "mgt_", "first", String(repeating: "mgt_", count: 999),
        ] {
            #expect(tokens.check(text) == .unknown)
        }
        let entries = try tokens.list()
        #expect(entries.map(\.name) == ["first", "second"])
        #expect(entries.first?.scopes == [.syncPull, .readReadings])
    }

    @Test func theFileHoldsNoSecret() throws {
        let issued = try make("first")
        let secret = Array(issued.secret.utf8.dropFirst(4))
        for name in [path, path + "-wal"] {
            let bytes = try File.bytes(name)
            #expect(!bytes.indices.contains { bytes[$0...].starts(with: secret) }, "\(name)")
        }
    }

    @Test func whatWasDoneToTokensIsHandedOverUntilItIsTaken() throws {
        struct Full: Error {}
        _ = try make("first", [.syncPull, .readReadings], lifetime: .seconds(60))
        #expect(throws: AccessError.tokenNameTaken) { try make("first") }
        #expect(try tokens.revoke("first", by: .token(name: "boss", scopes: [.admin])))
        #expect(try !tokens.revoke("first", by: .local(uid: 7)))
        #expect(throws: Full.self) { try tokens.handOverChanges(at: clock.now()) { _ in throw Full() } }
        var notes: [Note] = []
        for _ in 0..<2 { try tokens.handOverChanges(at: clock.now()) { notes += $0 } }
        #expect(notes.map(\.kind) == ["token_created", "token_revoked"])
        #expect(notes.allSatisfy { $0.stream == .audit })
        let bodies = [
            #"{"principal":"cli:root","at":"2026-01-15T14:30:00.000Z","uid":0,"name":"first","#
                + #""scopes":["read:readings","sync:pull"],"expires":"2026-01-15T14:31:00.000Z"}"#,
            #"{"principal":"http:boss","at":"2026-01-15T14:30:00.000Z","name":"first"}"#,
        ]
        #expect(notes.map(\.body) == bodies)
    }

    @Test func aRevokedTokenIsUnknownAtOnceAlsoToAnotherProcess() throws {
        let issued = try make("first")
        let elsewhere = AccessTokens(state: try Database(path: path), clock: clock)
        #expect(name(of: tokens.check(issued.secret)) == "first")
        #expect(try elsewhere.revoke("first", by: .local(uid: 7)))
        #expect(tokens.check(issued.secret) == .unknown)
        #expect(try !elsewhere.revoke("first", by: .local(uid: 7)))
    }

    @Test func aTokenEndsWithItsLifetime() throws {
        let issued = try make("short", lifetime: .seconds(60))
        #expect(try tokens.hasUsable())
        clock.advance(by: .seconds(59))
        #expect(name(of: tokens.check(issued.secret)) == "short")
        clock.advance(by: .seconds(1))
        #expect(tokens.check(issued.secret) == .expired(name: "short"))
        #expect(try !tokens.hasUsable())
    }

    @Test func aClockThatNobodyVouchesForEndsNoToken() throws {
        let issued = try make("short", lifetime: .seconds(60))
        clock.setWall(milliseconds: 4_000_000_000_000, trusted: false)
        #expect(name(of: tokens.check(issued.secret)) == "short")
    }

    @Test func aTokenMadeIn1970LivesFromWhenTheTimeIsKnown() throws {
        clock.setWall(milliseconds: 5_000, trusted: false)
        let issued = try make("early", lifetime: .seconds(60))
        clock.setWall(milliseconds: 1_790_000_000_000, trusted: true)
        #expect(try tokens.hasUsable())
        #expect(name(of: tokens.check(issued.secret)) == "early")
        clock.advance(by: .seconds(61))
        #expect(tokens.check(issued.secret) == .expired(name: "early"))
    }

    @Test func lastUseIsNotedCoarsely() throws {
        let issued = try make("first")
        #expect(try tokens.list().first?.lastUsed == nil)
        let start = clock.now().wall.milliseconds
        _ = tokens.check(issued.secret)
        clock.advance(by: .seconds(9 * 60))
        _ = tokens.check(issued.secret)
        #expect(try tokens.list().first?.lastUsed?.milliseconds == start)
        clock.advance(by: .seconds(60))
        _ = tokens.check(issued.secret)
        #expect(try tokens.list().first?.lastUsed?.milliseconds == start + 600_000)
    }

    @Test func namesAreUniqueAndPlain() throws {
        _ = try make("first")
        #expect(throws: AccessError.tokenNameTaken) { try make("first", seed: 2) }
        for name in ["", "a b", "a\n", String(repeating: "x", count: 65)] {
            #expect(throws: AccessError.tokenNameInvalid) { try make(name, seed: 3) }
        }
        #expect(throws: AccessError.tokenNameInvalid) { try make("none", [], seed: 4) }
    }

    @Test func scopesAreReadFromText() {
        #expect(AccessScope.parse("read:readings,sync:pull") == [.readReadings, .syncPull])
        #expect(AccessScope.parse("admin") == [.admin])
        #expect(AccessScope.parse("read:everything") == nil)
        #expect(AccessScope.parse("") == nil)
    }
}
