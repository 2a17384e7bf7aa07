internal import GatewayModel
internal import SQLite

/// The rows of what was evicted while a required consumer had it in memory.
enum HandedRange {
    static func all(_ state: StateStore) throws(SQLiteError) -> [StreamName: ClosedRange<Int64>] {
        let rows = try state.durable.read { connection throws(SQLiteError) in
            try connection.rows("SELECT stream, from_seq, to_seq FROM journal_handed") { row in
                (row.text(0), row.int64(1), row.int64(2))
            }
        }
        var ranges: [StreamName: ClosedRange<Int64>] = [:]
        for (name, from, to) in rows where from <= to {
            if let stream = StreamName(rawValue: name) { ranges[stream] = from...to }
        }
        return ranges
    }

    /// Replaces the row of the stream; nil removes it.
    static func store(
        _ range: ClosedRange<Int64>?, of stream: StreamName, _ connection: Connection
    ) throws(SQLiteError) {
        guard let range else {
            return try connection.run("DELETE FROM journal_handed WHERE stream = ?", .text(stream.rawValue))
        }
        try connection.run(
            "INSERT OR REPLACE INTO journal_handed VALUES (?, ?, ?)", .text(stream.rawValue),
            .integer(range.lowerBound), .integer(range.upperBound))
    }
}
