public import SQLite

/// Plain SQL over the journal: the table `readings`, one row a reading.
public enum JournalSQL {
    /// A connection with the virtual table
    /// `readings(seq, time, time_ms, device, metric, value, unit, quality, device_seq, msg_id, source, flags)`.
    ///
    /// Works from any process, while the daemon writes too. Nothing of the journal can be changed through it.
    public static func open(dataDirectory: String) throws(SQLiteError) -> Connection {
        let connection = try Connection(path: ":memory:")
        try connection.register(ReadingsTable.table(dataDirectory: dataDirectory))
        try connection.pragma("query_only=ON")
        connection.forbidAttaching()
        return connection
    }
}
