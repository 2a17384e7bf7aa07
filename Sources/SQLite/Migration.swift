/// One step in the growth of a module's tables. Steps are never changed once released, only added.
public struct Migration: Sendable, Equatable {
    /// Prefix of the module's tables: `journal`, `fleet` …
    public var module: String
    /// Counts from 1 within the module, without holes.
    public var version: Int
    public var sql: String

    public init(module: String, version: Int, sql: String) {
        self.module = module
        self.version = version
        self.sql = sql
    }
}

extension Connection {
    /// Applies the steps that this file has not seen, in the given order, all of them or none. Durable on return.
    ///
    /// Fails with `newer_schema` if the file has steps of a listed module that are not listed.
    public func migrate(_ migrations: [Migration]) throws(SQLiteError) {
        try transaction { () throws(SQLiteError) in
            try execute(
                "CREATE TABLE IF NOT EXISTS schema_versions (module TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID"
            )
            let rows = try rows("SELECT module, version FROM schema_versions") { ($0.text(0), Int($0.int64(1))) }
            var versions = Dictionary(rows) { $1 }
            let newest = Dictionary(migrations.map { ($0.module, $0.version) }, uniquingKeysWith: max)
            for (module, known) in newest where versions[module, default: 0] > known {
                throw SQLiteError(
                    .newerSchema,
                    message: "\(path) has version \(versions[module] ?? 0) of \(module), this program \(known)")
            }
            for step in migrations where step.version > versions[step.module, default: 0] {
                precondition(step.version == versions[step.module, default: 0] + 1, "migrations have no holes")
                try execute(step.sql)
                versions[step.module] = step.version
                try run(
                    "INSERT OR REPLACE INTO schema_versions VALUES (?, ?)", .text(step.module),
                    .integer(Int64(step.version)))
            }
        }
    }
}
