internal import Crypto
public import GatewayModel
public import SQLite

/// The bearer tokens of this gateway, kept in `state.db` as hashes only: a copy of the file opens nothing.
///
/// Works on the file alone, so that `token create` needs no running daemon; a running one sees the change at once.
public final class AccessTokens: Sendable {
    /// What is known of a token; its secret is not.
    public struct Entry: Sendable, Equatable {
        /// Unique, for people.
        public var name: String
        public var scopes: Set<AccessScope>
        public var created: Timestamp
        /// Nil for a token that never ends.
        public var expires: Timestamp?
        /// To ten minutes; nil if it was never used.
        public var lastUsed: Timestamp?
    }

    /// A new token: the only time its secret is seen.
    public struct Issued: Sendable {
        public var secret: String
        public var entry: Entry
    }

    /// What every secret begins with, so that scanners find leaked ones.
    public static let prefix = "mgt_"
    static let secretByteCount = 32
    static let tokensMax = 1_000
    static let lastUsedGrain: Int64 = 10 * 60 * 1000

    /// The table of tokens in `state.db`.
    public static let migrations = [
        Migration(
            module: "access", version: 1,
            sql: """
                CREATE TABLE access_tokens (
                  name TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, scopes TEXT NOT NULL, created INTEGER NOT NULL,
                  created_trusted INTEGER NOT NULL, expires INTEGER, last_used INTEGER) WITHOUT ROWID
                """),
        Migration(
            module: "access", version: 2,
            sql: """
                CREATE TABLE access_changes (
                  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, particulars TEXT NOT NULL)
                """),
    ]

    let state: Database
    private let clock: any Clock

    /// Tokens in `state`, whose `migrations` must have been applied.
    public init(state: Database, clock: any Clock) {
        self.state = state
        self.clock = clock
    }

    /// Makes a token that ends after `lifetime` (nil: never). Durable on return, together with its audit entry.
    ///
    /// Throws `token_name_invalid`, `token_name_taken`, `too_many_tokens` or what the database refuses.
    public func create(
        name: String, scopes: Set<AccessScope>, lifetime: Duration? = nil, by principal: Principal,
        using random: inout some RandomNumberGenerator
    ) throws(AccessError) -> Issued {
        guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !scopes.isEmpty
        else {
            throw .tokenNameInvalid
        }
        let secretBytes = (0..<Self.secretByteCount).map { _ in UInt8.random(in: .min ... .max, using: &random) }
        let secret = Self.prefix + Self.urlSafe(Base64.encode(secretBytes))
        let now = clock.now().wall
        var entry = Entry(name: name, scopes: scopes, created: now)
        if let lifetime {
            let seconds = min(lifetime.components.seconds, 100 * 366 * 86_400)
            entry.expires = Timestamp(milliseconds: now.milliseconds + seconds * 1000, trusted: now.trusted)
        }
        let hash = Self.hash(secret)
        let outcome = try AccessError.from { () throws(SQLiteError) in
            try state.write { connection throws(SQLiteError) -> AccessError? in
                if let refusal = try Self.insert(entry, hash, connection) { return refusal }
                try AccessChange.created(entry).enter(by: principal, at: now, connection)
                return nil
            }
        }
        if let outcome { throw outcome }
        return Issued(secret: secret, entry: entry)
    }

    private static func insert(
        _ entry: Entry, _ hash: [UInt8], _ connection: Connection
    ) throws(SQLiteError) -> AccessError? {
        let taken = try connection.firstRow("SELECT 1 FROM access_tokens WHERE name = ?", .text(entry.name)) { _ in true
        }
        if taken == true { return .tokenNameTaken }
        let count = try connection.firstRow("SELECT count(*) FROM access_tokens") { $0.int64(0) } ?? 0
        if count >= tokensMax { return .tooManyTokens }
        try connection.run(
            "INSERT INTO access_tokens VALUES (?, ?, ?, ?, ?, ?, NULL)", .text(entry.name), .blob(hash),
            .text(entry.scopes.map(\.rawValue).sorted().joined(separator: " ")),
            .integer(entry.created.milliseconds), .integer(entry.created.trusted ? 1 : 0),
            .optional(entry.expires?.milliseconds))
        return nil
    }

    /// Every token, by name.
    public func list() throws(AccessError) -> [Entry] {
        try AccessError.from { () throws(SQLiteError) in
            try state.read { connection throws(SQLiteError) in
                try connection.rows("SELECT \(Self.columns) FROM access_tokens ORDER BY name") { Self.entry($0) }
            }
        }
    }

    /// Whether a token exists that is not expired: without one the daemon does not listen beyond loopback.
    public func hasUsable() throws(AccessError) -> Bool {
        let now = clock.now().wall
        return try list().contains { !Self.isExpired($0, now) }
    }

    /// Ends a token at once. False if there is none of this name. Durable on return, together with its audit entry.
    public func revoke(_ name: String, by principal: Principal) throws(AccessError) -> Bool {
        let now = clock.now().wall
        return try AccessError.from { () throws(SQLiteError) in
            try state.write { connection throws(SQLiteError) in
                try connection.run("DELETE FROM access_tokens WHERE name = ?", .text(name))
                guard connection.changeCount > 0 else { return false }
                try AccessChange.revoked(name).enter(by: principal, at: now, connection)
                return true
            }
        }
    }

    /// What a secret that a client presents is worth. A database that does not answer counts as unknown.
    public func check(_ secret: String) -> PresentedToken {
        guard secret.hasPrefix(Self.prefix), secret.utf8.count <= 128 else { return .unknown }
        let hash = Self.hash(secret)
        let found = try? state.read { connection throws(SQLiteError) in  // a failure is logged where it hurts: 401
            try connection.firstRow(
                "SELECT \(Self.columns), hash FROM access_tokens WHERE hash = ?", .blob(hash)
            ) { (Self.entry($0), $0.blob(6)) }
        }
        guard let (known, stored) = found, Self.isEqual(stored, hash) else { return .unknown }
        var entry = known
        let now = clock.now().wall
        if now.trusted, !entry.created.trusted { begin(&entry, now) }
        if Self.isExpired(entry, now) { return .expired(name: entry.name) }
        noteUse(entry, now)
        return .valid(entry)
    }

    /// A token made while the clock was wrong lives from when the time is known first.
    private func begin(_ entry: inout Entry, _ now: Timestamp) {
        let lifetime = entry.expires.map { $0.milliseconds - entry.created.milliseconds }
        entry.created = now
        entry.expires = lifetime.map { Timestamp(milliseconds: now.milliseconds + $0, trusted: true) }
        // Written with the next use otherwise; until then it does not end.
        try? state.write { [entry] connection throws(SQLiteError) in
            try connection.run(
                "UPDATE access_tokens SET created = ?, created_trusted = 1, expires = ? WHERE name = ?",
                .integer(now.milliseconds), .optional(entry.expires?.milliseconds), .text(entry.name))
        }
    }

    private func noteUse(_ entry: Entry, _ now: Timestamp) {
        if let last = entry.lastUsed, abs(now.milliseconds - last.milliseconds) < Self.lastUsedGrain { return }
        // Only for people to see: a request is not refused because this could not be written.
        try? state.write { connection throws(SQLiteError) in
            try connection.run(
                "UPDATE access_tokens SET last_used = ? WHERE name = ?", .integer(now.milliseconds), .text(entry.name))
        }
    }

    private static let columns = "name, scopes, created, created_trusted, expires, last_used"

    private static func entry(_ row: Statement) -> Entry {
        Entry(
            name: row.text(0), scopes: AccessScope.parse(row.text(1)) ?? [],
            created: Timestamp(milliseconds: row.int64(2), trusted: row.int64(3) != 0),
            expires: row.optionalInt64(4).map { Timestamp(milliseconds: $0, trusted: true) },
            lastUsed: row.optionalInt64(5).map { Timestamp(milliseconds: $0, trusted: true) })
    }

    /// A clock that nobody vouches for ends no token: after a power cut it may stand anywhere.
    private static func isExpired(_ entry: Entry, _ now: Timestamp) -> Bool {
        guard let expires = entry.expires, now.trusted, entry.created.trusted else { return false }
        return now.milliseconds >= expires.milliseconds
    }

    private static func hash(_ secret: String) -> [UInt8] { SHA256.hash(Array(secret.utf8)) }

    private static func urlSafe(_ base64: String) -> String {
        String(base64.compactMap { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 == "=" ? nil : $0 })
    }

    /// Takes the same time wherever the bytes differ.
    private static func isEqual(_ lhs: [UInt8], _ rhs: [UInt8]) -> Bool {
        guard lhs.count == rhs.count else { return false }
        var difference: UInt8 = 0
        for (left, right) in zip(lhs, rhs) { difference |= left ^ right }
        return difference == 0
    }
}
