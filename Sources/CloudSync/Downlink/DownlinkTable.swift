internal import GatewayModel
internal import SQLite

/// The rows of `downlink_command`: which commands of servers were taken, and how far they have got.
enum DownlinkTable {
    /// `taken`: remembered, perhaps not in the queue of the gateway yet. `submitted`: there. `answered`: over, the server is
    /// to be told. `told`: it knows. `given_up`: it cannot be told.
    enum State: String {
        /// Not over for the gateway.
        static let open: [State] = [.taken, .submitted, .answered]

        case taken, submitted, answered, told
        case givenUp = "given_up"
    }

    struct Row: Sendable {
        var command: RemoteCommand
        var isSuccess: Bool
        var message: String
        var attempts: Int
    }

    static let migration = Migration(
        module: "downlink", version: 1,
        sql: """
            CREATE TABLE downlink_command (
              source TEXT NOT NULL, id TEXT NOT NULL, device TEXT NOT NULL, name TEXT NOT NULL, params TEXT NOT NULL,
              state TEXT NOT NULL, success INTEGER NOT NULL DEFAULT 0, message TEXT NOT NULL DEFAULT '',
              attempts INTEGER NOT NULL DEFAULT 0, taken INTEGER NOT NULL, expires INTEGER,
              PRIMARY KEY (source, id)
            ) WITHOUT ROWID;
            CREATE INDEX downlink_command_open ON downlink_command (source, taken)
              WHERE state IN ('taken', 'submitted', 'answered')
            """)

    static func state(_ source: String, _ id: String, _ connection: Connection) throws(SQLiteError) -> State? {
        try connection.firstRow(
            "SELECT state FROM downlink_command WHERE source = ? AND id = ?", .text(source), .text(id)
        ) { row in State(rawValue: row.text(0)) } ?? nil
    }

    static func count(_ source: String, _ connection: Connection) throws(SQLiteError) -> Int64 {
        try connection.firstRow("SELECT count(*) FROM downlink_command WHERE source = ?", .text(source)) { row in
            row.int64(0)
        } ?? 0
    }

    static func insert(
        _ source: String, _ command: RemoteCommand, now: Int64, _ connection: Connection
    ) throws(SQLiteError) {
        try connection.run(
            """
            INSERT INTO downlink_command (source, id, device, name, params, state, taken, expires)
            VALUES (?, ?, ?, ?, ?, 'taken', ?, ?)
            """, .text(source), .text(command.id), .text(command.device.text), .text(command.name),
            .text(command.params), .integer(now), command.expires.map { .integer($0) } ?? .null)
    }

    static func rows(
        _ source: String, in state: State, limit: Int, _ connection: Connection
    ) throws(SQLiteError) -> [Row] {
        try connection.rows(
            """
            SELECT id, device, name, params, expires, success, message, attempts FROM downlink_command
            WHERE source = ? AND state = ? ORDER BY taken, id LIMIT ?
            """, .text(source), .text(state.rawValue), .integer(Int64(limit))
        ) { row -> Row? in
            guard let device = DeviceID(row.text(1)) else { return nil }
            let command = RemoteCommand(
                id: row.text(0), device: device, name: row.text(2), params: row.text(3), expires: row.optionalInt64(4))
            return Row(
                command: command, isSuccess: row.int64(5) != 0, message: row.text(6), attempts: Int(row.int64(7)))
        }.compactMap { $0 }
    }

    static func move(_ source: String, _ id: String, to state: State, _ connection: Connection) throws(SQLiteError) {
        try connection.run(
            "UPDATE downlink_command SET state = ? WHERE source = ? AND id = ?", .text(state.rawValue), .text(source),
            .text(id))
    }

    static func answer(
        _ source: String, _ id: String, isSuccess: Bool, message: String, _ connection: Connection
    ) throws(SQLiteError) {
        try connection.run(
            """
            UPDATE downlink_command SET state = 'answered', success = ?, message = ?
            WHERE source = ? AND id = ? AND state IN ('taken', 'submitted')
            """, .integer(isSuccess ? 1 : 0), .text(message), .text(source), .text(id))
    }

    static func attempted(_ source: String, _ id: String, _ connection: Connection) throws(SQLiteError) {
        try connection.run(
            "UPDATE downlink_command SET attempts = attempts + 1 WHERE source = ? AND id = ?", .text(source), .text(id))
    }

    /// Forgets, oldest first, what the server cannot offer again: what it was told about, and what had expired by
    /// `expiredBefore`.
    static func forget(
        _ source: String, count: Int64, expiredBefore: Int64?, _ connection: Connection
    ) throws(SQLiteError) {
        try connection.run(
            """
            DELETE FROM downlink_command WHERE source = ?1 AND id IN (
              SELECT id FROM downlink_command
              WHERE source = ?1 AND (state = 'told' OR (state = 'given_up' AND expires < ?2)) ORDER BY taken, id LIMIT ?3)
            """, .text(source), expiredBefore.map { .integer($0) } ?? .null, .integer(count))
    }
}
