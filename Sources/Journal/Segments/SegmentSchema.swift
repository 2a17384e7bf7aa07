internal import SQLite

/// The tables of a segment. Each segment explains itself: it holds every name its records use.
enum SegmentSchema {
    /// "MYCO"
    static let applicationID: Int64 = 0x4D59_434F
    static let version: Int64 = 1

    /// Bytes of a page. A segment takes a dozen pages before its first record: for a small one they must be small.
    static func pageSize(of segmentSize: Int64) -> Int64 { segmentSize <= 1 << 20 ? 1_024 : 4_096 }

    static let tables = """
        CREATE TABLE segment (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            stream TEXT NOT NULL,
            epoch TEXT NOT NULL,
            generation INTEGER NOT NULL,
            base_wall INTEGER NOT NULL,
            cause INTEGER NOT NULL,
            time_min INTEGER,
            time_max INTEGER
        );
        CREATE TABLE devices (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE metrics (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE units (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
        CREATE TABLE boots (id INTEGER PRIMARY KEY, name TEXT NOT NULL, offset INTEGER NOT NULL);
        CREATE TABLE layouts (id INTEGER PRIMARY KEY, items BLOB NOT NULL);
        CREATE TABLE records (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE snapshots (seq INTEGER PRIMARY KEY, body BLOB NOT NULL);
        """

    /// The first page of each table: they are made in one transaction, one page each, after that of the schema.
    static let roots: [String: Int] = {
        let names = tables.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            return words.count > 2 && words[0] == "CREATE" ? String(words[2]) : nil
        }
        return Dictionary(uniqueKeysWithValues: zip(names, 2...))
    }()

    /// Refuses a file that is not a segment of a version this program knows.
    static func check(_ connection: Connection) throws(SQLiteError) {
        guard try connection.pragma("application_id").integer == applicationID else {
            throw SQLiteError(.corrupt, message: "not a journal segment: \(connection.path)")
        }
        let found = try connection.pragma("user_version").integer ?? 0
        guard found != version else { return }
        // A new format comes with other tables.
        guard try !hasOurTables(connection) else {
            throw SQLiteError(.corrupt, message: "its tables are not of format \(found): \(connection.path)")
        }
        throw SQLiteError(.newerSchema, message: "segment format \(found): \(connection.path)")
    }

    /// Whether the tables are those of this version, to the letter.
    private static func hasOurTables(_ connection: Connection) throws(SQLiteError) -> Bool {
        let found = try connection.rows("SELECT sql FROM sqlite_schema WHERE type = 'table' ORDER BY rowid") {
            $0.text(0)
        }
        return found.joined(separator: ";\n") + ";" == tables
    }
}

extension SQLiteError {
    /// Statements that are right for every segment can only fail as wrong where the segment's tables are damaged.
    var asDamage: SQLiteError {
        code == .invalid || code == .constraint
            ? SQLiteError(.corrupt, extendedCode: extendedCode, message: message) : self
    }
}

/// What a segment says about itself.
struct SegmentFacts: Equatable {
    var stream: String
    var epoch: String
    var generation: Int64
    var baseWall: Int64
    /// Of a stream of notes: the newest reading that caused one of its notes, here or in an older segment.
    var cause: Int64
    /// Earliest and latest time of a record; known once sealed.
    var times: ClosedRange<Int64>?

    init(stream: String, epoch: String, generation: Int64, baseWall: Int64, cause: Int64) {
        self.stream = stream
        self.epoch = epoch
        self.generation = generation
        self.baseWall = baseWall
        self.cause = cause
    }

    /// Nil if the segment has not been filled in.
    init?(_ connection: Connection) throws(SQLiteError) {
        let facts = try connection.firstRow(
            "SELECT stream, epoch, generation, base_wall, cause, time_min, time_max FROM segment"
        ) { row in
            var facts = SegmentFacts(
                stream: row.text(0), epoch: row.text(1), generation: row.int64(2), baseWall: row.int64(3),
                cause: row.int64(4))
            if let min = row.optionalInt64(5), let max = row.optionalInt64(6), min <= max { facts.times = min...max }
            return facts
        }
        guard let facts else { return nil }
        self = facts
    }

    func insert(into connection: Connection) throws(SQLiteError) {
        try connection.run(
            "INSERT INTO segment VALUES (1, ?, ?, ?, ?, ?, NULL, NULL)", .text(stream), .text(epoch),
            .integer(generation), .integer(baseWall), .integer(cause))
    }
}
