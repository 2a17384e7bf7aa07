internal import FieldProtocols
public import GatewayModel
internal import JSONText
internal import SQLite

/// What was done to a token. It waits beside the tokens until a daemon moves it to the audit stream: tokens are made and
/// ended without one too, and neither must happen unseen.
enum AccessChange {
    case created(AccessTokens.Entry)
    case revoked(String)

    /// Part of the transaction that changes the token.
    func enter(by principal: Principal, at now: Timestamp, _ connection: Connection) throws(SQLiteError) {
        var members: [JSON.Member] = [
            .init(key: "principal", value: .string(principal.origin)), .init(key: "at", value: .time(now)),
        ]
        if case .local(let uid) = principal { members.append(.init(key: "uid", value: .integer(Int64(uid)))) }
        let kind: String
        switch self {
        case .created(let entry):
            kind = "token_created"
            members += [
                .init(key: "name", value: .string(entry.name)),
                .init(key: "scopes", value: .strings(entry.scopes.map(\.rawValue).sorted())),
                .init(key: "expires", value: .time(entry.expires)),
            ]
        case .revoked(let name):
            kind = "token_revoked"
            members.append(.init(key: "name", value: .string(name)))
        }
        try connection.run(
            "INSERT INTO access_changes (kind, particulars) VALUES (?, ?)", .text(kind),
            .text(JSON.object(members).text))
    }
}

extension AccessTokens {
    /// Notes that one call hands over.
    static let changesMax = 100

    /// Hands the changes that nobody has entered yet to `enter`, oldest first, and forgets them when it returns.
    ///
    /// A crash between the two hands them over again: an entry may be doubled, and is never missing. Throws what `enter`
    /// throws, and what the database refuses.
    public func handOverChanges(at received: ReceiveTime, _ enter: ([Note]) throws -> Void) throws {
        let changes = try state.read { connection throws(SQLiteError) in
            try connection.rows(
                "SELECT id, kind, particulars FROM access_changes ORDER BY id LIMIT ?", .integer(Int64(Self.changesMax))
            ) { (id: $0.int64(0), note: Note(.audit, kind: $0.text(1), body: $0.text(2), received: received)) }
        }
        guard let last = changes.last else { return }
        try enter(changes.map(\.note))
        try state.write { connection throws(SQLiteError) in
            try connection.run("DELETE FROM access_changes WHERE id <= ?", .integer(last.id))
        }
    }
}
