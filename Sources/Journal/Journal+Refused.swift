public import GatewayModel
internal import SQLite

extension Journal {
    /// Refused records kept for one consumer: of more, the oldest go.
    public static let refusedCountMax = 10_000

    /// Keeps what a destination condemned, with its reason. Durable on return.
    ///
    /// A record that was condemned, and is again because a crash came before its cursor, is kept once.
    public func refuse(
        _ record: StoredRecord, identity: String, by consumer: String, reason: String, status: Int
    ) throws(JournalError) {
        let now = state.clock.now().wall
        do throws(SQLiteError) {
            try state.state.durable.write { connection throws(SQLiteError) in
                try connection.run(
                    "DELETE FROM journal_refused WHERE consumer = ? AND stream = ? AND seq = ? AND identity = ?",
                    .text(consumer), .text(record.stream.rawValue), .integer(record.seq.rawValue), .text(identity))
                try connection.run(
                    """
                    INSERT INTO journal_refused (consumer, stream, seq, identity, reason, status, at_ms, at_trusted)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                    """, .text(consumer), .text(record.stream.rawValue), .integer(record.seq.rawValue), .text(identity),
                    .text(String(reason.prefix(1_000))), .integer(Int64(status)), .integer(now.milliseconds),
                    .integer(now.trusted ? 1 : 0))
                try connection.run(
                    """
                    DELETE FROM journal_refused WHERE consumer = ?1 AND id <=
                        (SELECT id FROM journal_refused WHERE consumer = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)
                    """, .text(consumer), .integer(Int64(Self.refusedCountMax)))
            }
        } catch { throw JournalError(error) }
    }

    /// The records a consumer refused, oldest first.
    public func refused(by consumer: String, limit: Int = 1_000) throws(JournalError) -> [RefusedRecord] {
        do throws(SQLiteError) {
            return try state.state.durable.read { connection throws(SQLiteError) in
                try connection.rows(
                    """
                    SELECT id, consumer, stream, seq, identity, reason, status, at_ms, at_trusted FROM journal_refused
                    WHERE consumer = ? ORDER BY id LIMIT ?
                    """, .text(consumer), .integer(Int64(limit))
                ) { row in
                    RefusedRecord(
                        id: row.int64(0), consumer: row.text(1), stream: StreamName(rawValue: row.text(2)) ?? .readings,
                        seq: SequenceNumber(row.int64(3)), identity: row.text(4), reason: row.text(5),
                        status: Int(clamping: row.int64(6)),
                        at: Timestamp(milliseconds: row.int64(7), trusted: row.int64(8) != 0))
                }
            }
        } catch { throw JournalError(error) }
    }

    /// How many condemned records are kept for the consumer.
    public func refusedCount(by consumer: String) -> Int {
        // A count that cannot be read shows as none; whoever lists the records gets the error.
        let count = try? state.state.durable.read { connection throws(SQLiteError) in
            try connection.firstRow("SELECT count(*) FROM journal_refused WHERE consumer = ?", .text(consumer)) {
                $0.int64(0)
            }
        }
        return Int(clamping: (count ?? nil) ?? 0)
    }

    /// - Returns: false if there is no such record.
    @discardableResult
    public func forget(refused id: Int64) throws(JournalError) -> Bool {
        do throws(SQLiteError) {
            return try state.state.durable.write { connection throws(SQLiteError) in
                try connection.run("DELETE FROM journal_refused WHERE id = ?", .integer(id))
                return connection.changeCount > 0
            }
        } catch { throw JournalError(error) }
    }
}
