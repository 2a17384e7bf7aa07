internal import GatewayModel
public import SQLite

/// The batches that are under way, in `state.db`: after a restart the very same requests are repeated.
public struct SealTable: Sendable {
    private let database: Database

    /// The table in `state.db`.
    public static let migrations = [
        Migration(
            module: "cloudsync", version: 1,
            sql: """
                CREATE TABLE cloudsync_seals (
                    consumer TEXT NOT NULL, stream TEXT NOT NULL, epoch TEXT NOT NULL, seals TEXT NOT NULL,
                    PRIMARY KEY (consumer, stream)
                ) WITHOUT ROWID
                """)
    ]

    /// `database` must have been migrated.
    public init(database: Database) { self.database = database }

    /// What was kept last; nothing, if that was in another epoch.
    func seals(of consumer: String, _ stream: StreamName, epoch: String) throws(SQLiteError) -> [BatchSeal] {
        try database.read { connection throws(SQLiteError) in
            let sql = "SELECT seals FROM cloudsync_seals WHERE consumer = ? AND stream = ? AND epoch = ?"
            let text = try connection.firstRow(sql, .text(consumer), .text(stream.rawValue), .text(epoch)) {
                $0.text(0)
            }
            return (text ?? "").split(separator: " ").compactMap(BatchSeal.init(text:))
        }
    }

    func keep(
        _ seals: [BatchSeal], of consumer: String, _ stream: StreamName, epoch: String
    ) throws(SQLiteError) {
        let text = seals.map(\.text).joined(separator: " ")
        try database.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT OR REPLACE INTO cloudsync_seals VALUES (?, ?, ?, ?)", .text(consumer), .text(stream.rawValue),
                .text(epoch), .text(text))
        }
    }
}
