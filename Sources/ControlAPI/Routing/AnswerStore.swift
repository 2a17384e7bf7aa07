internal import Crypto
public import GatewayModel
internal import HTTPServer
public import SQLite
internal import Synchronization

/// Keeps the answers of creating requests that carry an `Idempotency-Key`, so that a client whose answer was lost can ask
/// again without creating twice.
///
/// An answer is kept for 24 hours of a clock that can be believed, longer under another one, after the handler's own commit: if the process dies between the two, the repetition is
/// handled anew.
public final class AnswerStore: Sendable {
    public static let keyByteCountMax = 128
    static let lifetimeMilliseconds: Int64 = 24 * 3600 * 1000
    static let answersMax: Int64 = 5_000
    /// Longer answers are not kept: what creates something answers briefly.
    static let bodyByteCountMax = 64 * 1024
    /// What a route that honours the key may answer for its sake.
    static let problems: [Route.Answer] = [
        .problem(409, "The first request with this key is still worked on"),
        .problem(422, "This key was used with another request"),
    ]

    /// The table of answers in `state.db`.
    public static let migrations = [
        Migration(
            module: "answers", version: 1,
            sql: """
                CREATE TABLE answers (
                  key BLOB PRIMARY KEY, request BLOB NOT NULL, created INTEGER NOT NULL,
                  status INTEGER NOT NULL, content_type TEXT, location TEXT, body BLOB NOT NULL) WITHOUT ROWID;
                CREATE INDEX answers_created ON answers (created)
                """),
        Migration(
            module: "answers", version: 2,
            sql: "ALTER TABLE answers ADD COLUMN created_trusted INTEGER NOT NULL DEFAULT 1"),
    ]

    private let state: Database
    private let clock: any Clock
    private let underway = Mutex<Set<[UInt8]>>([])

    /// Keeps answers in `state`, whose `migrations` must have been applied.
    public init(state: Database, clock: any Clock) {
        self.state = state
        self.clock = clock
    }

    /// Runs `body`, or gives the answer it gave for this key before.
    ///
    /// Throws `invalid_idempotency_key` (400), `idempotency_key_reused` (422) for another body under the same key,
    /// `idempotency_key_in_use` (409) while the first request is still worked on.
    func once(
        _ key: String, _ routed: RoutedRequest, _ body: () async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        guard (1...Self.keyByteCountMax).contains(key.utf8.count), key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else {
            throw Problem(400, "invalid_idempotency_key", "Idempotency-Key must be 1 to 128 visible characters")
        }
        let http = routed.http
        let identity = SHA256.hash(Array("\(routed.principal.origin)\n\(http.method)\n\(http.path)\n\(key)".utf8))
        let request = SHA256.hash(Array("\(http.rawTarget)\n".utf8) + http.body)
        guard underway.withLock({ $0.insert(identity).inserted }) else {
            throw Problem(409, "idempotency_key_in_use", "the first request with this key is still worked on")
        }
        defer { _ = underway.withLock { $0.remove(identity) } }
        if let kept = try find(identity) {
            guard kept.request == request else {
                throw Problem(422, "idempotency_key_reused", "this key was used with another request")
            }
            return kept.response
        }
        let response = try await body()
        try keep(identity, request, response)
        return response
    }

    private struct Kept: Sendable {
        var request: [UInt8]
        var response: HTTPResponse
    }

    private func find(_ identity: [UInt8]) throws(SQLiteError) -> Kept? {
        let oldest = oldest(clock.now().wall)
        return try state.read { connection throws(SQLiteError) in
            try connection.firstRow(
                "SELECT request, status, content_type, location, body FROM answers WHERE key = ? AND (created > ? OR created_trusted = 0)",
                .blob(identity), .integer(oldest)
            ) { row in
                var response = HTTPResponse(status: Int(row.int64(1)), body: .bytes(row.blob(4)))
                response.headers["Content-Type"] = row.optionalText(2)
                response.headers["Location"] = row.optionalText(3)
                response.headers["Idempotency-Replayed"] = "true"
                return Kept(request: row.blob(0), response: response)
            }
        }
    }

    private func keep(_ identity: [UInt8], _ request: [UInt8], _ response: HTTPResponse) throws(SQLiteError) {
        guard response.status < 500, case .bytes(let body) = response.body, body.count <= Self.bodyByteCountMax else {
            return
        }
        let now = clock.now().wall
        try state.write { connection throws(SQLiteError) in
            try connection.run(
                "DELETE FROM answers WHERE created <= ? AND created_trusted = 1", .integer(oldest(now)))
            try connection.run(
                """
                DELETE FROM answers WHERE key IN (
                  SELECT key FROM answers ORDER BY created_trusted DESC, created DESC LIMIT -1 OFFSET ?)
                """, .integer(Self.answersMax - 1))
            try connection.run(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", .blob(identity), .blob(request),
                .integer(now.milliseconds), .integer(Int64(response.status)),
                .optional(response.headers["Content-Type"]),
                .optional(response.headers["Location"]), .blob(body), .integer(now.trusted ? 1 : 0))
        }
    }

    /// What was created before this is over. A clock that cannot be believed ends nothing: the number is bounded anyway.
    private func oldest(_ now: Timestamp) -> Int64 {
        now.trusted ? now.milliseconds - Self.lifetimeMilliseconds : .min
    }
}
