public import SQLite

extension Journal {
    /// The journal's tables in `state.db`.
    public static let migrations: [Migration] = [
        Migration(
            module: "journal", version: 1,
            sql: """
                CREATE TABLE journal_epoch (
                    one INTEGER PRIMARY KEY CHECK (one = 1),
                    epoch TEXT NOT NULL,
                    -- Counts the openings; the segments know it too, so that an older state.db is noticed.
                    generation INTEGER NOT NULL
                );
                CREATE TABLE journal_reserved (
                    stream TEXT PRIMARY KEY,
                    -- No number beyond is in use.
                    up_to INTEGER NOT NULL
                ) WITHOUT ROWID;
                CREATE TABLE journal_seen (
                    stream TEXT PRIMARY KEY,
                    -- A number that has been stored, at most about a second old: the journal may not end before it.
                    seq INTEGER NOT NULL
                ) WITHOUT ROWID;
                CREATE TABLE journal_cursor (
                    consumer TEXT NOT NULL,
                    stream TEXT NOT NULL,
                    epoch TEXT NOT NULL,
                    seq INTEGER NOT NULL,
                    required INTEGER NOT NULL,
                    updated_ms INTEGER,
                    updated_trusted INTEGER NOT NULL,
                    PRIMARY KEY (consumer, stream)
                ) WITHOUT ROWID;
                CREATE TABLE journal_refused (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    consumer TEXT NOT NULL,
                    stream TEXT NOT NULL,
                    seq INTEGER NOT NULL,
                    identity TEXT NOT NULL,
                    reason TEXT NOT NULL,
                    status INTEGER NOT NULL,
                    at_ms INTEGER NOT NULL,
                    at_trusted INTEGER NOT NULL
                );
                CREATE INDEX journal_refused_consumer ON journal_refused (consumer, id);
                CREATE TABLE journal_loss (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    stream TEXT NOT NULL,
                    from_seq INTEGER NOT NULL,
                    to_seq INTEGER NOT NULL,
                    count INTEGER NOT NULL,
                    reason TEXT NOT NULL,
                    -- Whether a required consumer still needed them: counted as a loss. Otherwise only told as a gap.
                    needed INTEGER NOT NULL,
                    at_ms INTEGER NOT NULL
                );
                """),
        clockMigration,
        lossMigration,
        cursorMigration,
        untrustedMigration,
    ]
}
