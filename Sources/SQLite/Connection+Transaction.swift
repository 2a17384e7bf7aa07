internal import CSQLite

extension Connection {
    /// Runs `body` in a write transaction: all of it is kept, or nothing if it throws. Not to be nested.
    ///
    /// Durable on return if the connection's `synchronous` says so.
    public func transaction<R>(_ body: () throws(SQLiteError) -> R) throws(SQLiteError) -> R {
        try begin()
        do {
            let made = try body()
            try commit()
            return made
        } catch {
            rollBack()
            throw error
        }
    }

    /// Starts a write transaction at once, so that it cannot fail later for a lock.
    public func begin() throws(SQLiteError) { try statement("BEGIN IMMEDIATE").run() }

    /// Ends the transaction; durable as far as the connection's `synchronous` makes it.
    public func commit() throws(SQLiteError) { try statement("COMMIT").run() }

    /// Undoes what has been done since `begin()`. SQLite may have done so by itself after an error, which is as good.
    public func rollBack() {
        guard isInTransaction else { return }
        sqlite3_exec(handle, "ROLLBACK", nil, nil, nil)
    }

    /// Moves the WAL into the database file and empties it.
    ///
    /// - Returns: false if a reader still needs part of it.
    public func checkpoint() throws(SQLiteError) -> Bool {
        let result = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        if result == SQLITE_OK { return true }
        let error = error(result)
        if error.code == .busy { return false }
        throw error
    }

    /// Puts the database in WAL mode, for good.
    ///
    /// Where SQLite cannot, it may go on with a rollback journal, whose removal is not synced: no commit would be durable.
    public func useWriteAheadLog() throws(SQLiteError) {
        try pragma("journal_mode=WAL")
        // One in memory is not durable anyway.
        guard ["wal", "memory"].contains(try pragma("journal_mode").text) else {
            throw SQLiteError(.io, message: "cannot be put in WAL mode: \(path)")
        }
    }

    /// Reads or sets a pragma and gives its first answer.
    @discardableResult
    public func pragma(_ text: StaticString) throws(SQLiteError) -> SQLiteValue {
        try pragma(text.description)
    }

    /// Runs a pragma and gives its first value.
    @discardableResult
    public func pragma(_ text: String) throws(SQLiteError) -> SQLiteValue {
        let statement = try prepare("PRAGMA " + text)
        defer { statement.reset() }
        guard try statement.step() else { return .null }
        let answer = statement.value(0)
        // A change is committed only at the end, and fails there if it fails.
        while try statement.step() {}
        return answer
    }
}
