internal import GatewayModel
internal import SQLite

/// The journal's part of `state.db` that keeps numbers from ever meaning two records.
final class StateStore: Sendable {
    /// For what must not be lost to a power cut: reservations, epochs, losses.
    let durable: Database
    /// For what may become older by one: cursors, and how far the streams have got.
    let quick: Database

    init(_ database: Database) throws(SQLiteError) {
        durable = database
        quick = try Database(path: database.path, durability: .normal, walSize: database.walSize)
    }

    struct Numbering: Sendable, Equatable {
        var epoch: String
        /// Counts the openings of the journal.
        var generation: Int64
    }

    /// Nil in a new `state.db`.
    func numbering() throws(SQLiteError) -> Numbering? {
        try durable.read { connection throws(SQLiteError) in
            try connection.firstRow("SELECT epoch, generation FROM journal_epoch") {
                Numbering(epoch: $0.text(0), generation: $0.int64(1))
            }
        }
    }

    /// Writes the numbering; in a new epoch cursors keep what they stand for, which is the records that are left.
    func begin(_ numbering: Numbering, isNewEpoch: Bool, ends: [StreamName: Int64]) throws(SQLiteError) {
        try durable.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT OR REPLACE INTO journal_epoch VALUES (1, ?, ?)", .text(numbering.epoch),
                .integer(numbering.generation))
            guard isNewEpoch else { return }
            for (stream, end) in ends.inOrder {
                try connection.run(
                    "UPDATE journal_cursor SET epoch = ?, seq = min(seq, ?) WHERE stream = ?", .text(numbering.epoch),
                    .integer(end), .text(stream.rawValue))
                try connection.run(
                    "INSERT INTO journal_seen VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq",
                    .text(stream.rawValue), .integer(end))
            }
        }
    }

    /// No number of the stream beyond this is in use.
    func reserved(_ stream: StreamName) throws(SQLiteError) -> Int64 {
        try durable.read { connection throws(SQLiteError) in
            try connection.firstRow("SELECT up_to FROM journal_reserved WHERE stream = ?", .text(stream.rawValue)) {
                $0.int64(0)
            } ?? 0
        }
    }

    /// Durable on return.
    func reserve(_ stream: StreamName, upTo: Int64) throws(SQLiteError) {
        try durable.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT INTO journal_reserved VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET up_to = max(up_to, excluded.up_to)",
                .text(stream.rawValue), .integer(upTo))
        }
    }

    /// The highest number of the stream that is known to have been stored: by what was noted, and by its cursors.
    func seen(_ stream: StreamName, epoch: String) throws(SQLiteError) -> Int64 {
        try durable.read { connection throws(SQLiteError) in
            try connection.firstRow(
                """
                SELECT max(coalesce((SELECT seq FROM journal_seen WHERE stream = ?1), 0),
                    coalesce((SELECT max(seq) FROM journal_cursor WHERE stream = ?1 AND epoch = ?2), 0))
                """, .text(stream.rawValue), .text(epoch)
            ) { $0.int64(0) } ?? 0
        }
    }

    func note(_ ends: [(StreamName, Int64)]) throws(SQLiteError) {
        try quick.write { connection throws(SQLiteError) in
            for (stream, end) in ends {
                try connection.run(
                    "INSERT INTO journal_seen VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET seq = max(seq, excluded.seq)",
                    .text(stream.rawValue), .integer(end))
            }
        }
    }
}
