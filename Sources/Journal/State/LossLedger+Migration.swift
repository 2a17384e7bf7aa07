internal import SQLite

extension Journal {
    /// The ledger learns how much of what has gone was needed.
    static let lossMigration = Migration(
        module: "journal", version: 2,
        sql: """
            -- Of `count`, those that a required consumer had not acknowledged.
            ALTER TABLE journal_loss ADD COLUMN needed_count INTEGER NOT NULL DEFAULT 0;
            UPDATE journal_loss SET needed_count = count WHERE needed <> 0;
            CREATE TABLE journal_handed (
                stream TEXT PRIMARY KEY,
                -- What was evicted while a required consumer had it in memory: lost only if it lets go of it.
                from_seq INTEGER NOT NULL,
                to_seq INTEGER NOT NULL
            ) WITHOUT ROWID;
            """)
}
