import FieldProtocols
import SQLite

/// Remembers in `state.db` which rows of raw-data files have been stored, for as long as the gateway lives: the journal
/// knows the identities of its last messages only, and a file of a board's season has more rows than that.
struct ImportedRows: Sendable {
    let database: Database

    /// Some 20 bytes a row. Absent values are -1.
    static let migrations = [
        Migration(
            module: "imports", version: 1,
            sql: """
                CREATE TABLE import_runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
                CREATE TABLE imported_rows (
                    run INTEGER NOT NULL, sensor INTEGER NOT NULL, at INTEGER NOT NULL, step INTEGER NOT NULL,
                    PRIMARY KEY (run, sensor, at, step)) WITHOUT ROWID
                """)
    ]

    /// Which of these rows of one run have been stored, in their order.
    func areKnown(_ rows: [BMERawRow], of run: String) throws(SQLiteError) -> [Bool] {
        try database.read { connection throws(SQLiteError) in
            guard let id = try Self.id(of: run, in: connection) else { return rows.map { _ in false } }
            let sql = "SELECT 1 FROM imported_rows WHERE run = ? AND sensor = ? AND at = ? AND step = ?"
            let statement = try connection.statement(sql)
            var known: [Bool] = []
            for row in rows {
                Self.bind(id, row, to: statement)
                known.append(try statement.step())
                statement.reset()
            }
            return known
        }
    }

    /// These rows have been stored. Durable on return.
    func remember(_ rows: [BMERawRow], of run: String) throws(SQLiteError) {
        try database.write { connection throws(SQLiteError) in
            try connection.run("INSERT OR IGNORE INTO import_runs (name) VALUES (?)", .text(run))
            guard let id = try Self.id(of: run, in: connection) else { return }
            let statement = try connection.statement("INSERT OR IGNORE INTO imported_rows VALUES (?, ?, ?, ?)")
            for row in rows {
                Self.bind(id, row, to: statement)
                try statement.run()
                statement.reset()
            }
        }
    }

    private static func id(of run: String, in connection: Connection) throws(SQLiteError) -> Int64? {
        try connection.firstRow("SELECT id FROM import_runs WHERE name = ?", .text(run)) { $0.int64(0) }
    }

    private static func bind(_ run: Int64, _ row: BMERawRow, to statement: Statement) {
        statement.bind(run, at: 1)
        statement.bind(row.sensorIndex.map { Int64($0) } ?? -1, at: 2)
        statement.bind(row.sincePowerOn ?? -1, at: 3)
        statement.bind(row.heaterStep.map { Int64($0) } ?? -1, at: 4)
    }
}
