internal import SQLite

extension Journal {
    /// A cursor learns for how long the gateway has run without hearing of its consumer.
    static let cursorMigration = Migration(
        module: "journal", version: 3,
        sql: "ALTER TABLE journal_cursor ADD COLUMN idle_ms INTEGER NOT NULL DEFAULT 0")
}
