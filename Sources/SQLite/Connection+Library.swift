internal import CSQLite

extension Connection {
    /// Lets no other database file be attached, and so none be made.
    public func forbidAttaching() { sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0) }

    /// The version of SQLite in use, such as `3.40.1`.
    public static var libraryVersion: String { String(cString: sqlite3_libversion()) }
}
