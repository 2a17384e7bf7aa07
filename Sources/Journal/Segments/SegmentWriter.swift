internal import GatewayModel
internal import SQLite

/// The segment that a stream is being written to. Used by the writer's thread alone.
///
/// After a rolled back transaction `restore` must be called: what is remembered here may be ahead of the file.
final class SegmentWriter {
    let file: SegmentFile
    let connection: Connection
    private(set) var facts: SegmentFacts
    private(set) var lastSeq: Int64
    private(set) var names: SegmentNames
    /// Records since the last snapshot of the devices' states, or since the segment began.
    var recordsSinceSnapshot = 0
    /// Earliest and latest time of the records, if all of them were written by this process.
    private var times: ClosedRange<Int64>?
    private var isTimed: Bool
    private let insertion: Statement
    private let pageCount: Statement
    /// Pages that were there before the first record, among them the first snapshot: they do not fill the segment.
    private var pagesAtStart: Int64 = 0
    private let pageSize: Int64

    /// Creates a segment; it exists on disk with the first commit. The transaction is open on return.
    init(creating file: SegmentFile, _ facts: SegmentFacts, segmentSize: Int64) throws(SQLiteError) {
        self.file = file
        self.facts = facts
        file.remove()
        connection = try Connection(path: file.path)
        try connection.pragma("page_size=\(SegmentSchema.pageSize(of: segmentSize))")
        try connection.pragma("auto_vacuum=NONE")
        pageSize = try Self.configure(connection, segmentSize)
        try connection.begin()
        try connection.pragma("application_id=\(SegmentSchema.applicationID)")
        try connection.pragma("user_version=\(SegmentSchema.version)")
        try connection.execute(SegmentSchema.tables)
        try facts.insert(into: connection)
        names = SegmentNames(baseWall: facts.baseWall)
        lastSeq = file.first - 1
        isTimed = true
        insertion = try connection.prepare("INSERT INTO records VALUES (?, ?)")
        pageCount = try connection.prepare("PRAGMA page_count")
    }

    /// Opens a segment to go on writing it; nil if its first transaction never happened.
    init?(reopening file: SegmentFile, generation: Int64, segmentSize: Int64) throws(SQLiteError) {
        self.file = file
        connection = try Connection(path: file.path, access: .readWrite)
        guard try connection.pragma("application_id").integer != 0 else { return nil }
        try SegmentSchema.check(connection)
        guard let facts = try SegmentFacts(connection) else { return nil }
        pageSize = try Self.configure(connection, segmentSize)
        self.facts = facts
        names = try SegmentNames(connection, baseWall: facts.baseWall)
        let newest = try connection.firstRow("SELECT max(seq) FROM records") { $0.optionalInt64(0) }
        lastSeq = (newest ?? nil) ?? file.first - 1
        insertion = try connection.prepare("INSERT INTO records VALUES (?, ?)")
        pageCount = try connection.prepare("PRAGMA page_count")
        pagesAtStart = 0
        isTimed = false
    }

    /// - Returns: the page size of the file.
    private static func configure(_ connection: Connection, _ segmentSize: Int64) throws(SQLiteError) -> Int64 {
        try connection.useWriteAheadLog()
        try connection.pragma("synchronous=FULL")
        try connection.pragma("cache_size=-256")
        try connection.pragma("temp_store=MEMORY")
        // The WAL stays below a quarter of the segment, as long as no reader holds on to it.
        let pageSize = try connection.pragma("page_size").integer ?? SegmentSchema.pageSize(of: segmentSize)
        let pages = min(1_000, max(4, segmentSize / 8 / pageSize))
        try connection.pragma("wal_autocheckpoint=\(pages)")
        try connection.pragma("journal_size_limit=\(segmentSize / 4)")
        return pageSize
    }

    /// Says that what follows is the content proper.
    func markStart() throws(SQLiteError) { pagesAtStart = try pages() }

    /// What counts towards the segment's size.
    func contentBytes() throws(SQLiteError) -> Int64 { (try pages() - pagesAtStart) * pageSize }

    private func pages() throws(SQLiteError) -> Int64 {
        defer { pageCount.reset() }
        return try pageCount.step() ? pageCount.int64(0) : 0
    }

    func insert(_ seq: Int64, _ body: UnsafeRawBufferPointer) throws(SQLiteError) {
        insertion.bind(seq, at: 1)
        insertion.bindBorrowed(body, at: 2)
        try insertion.run()
        lastSeq = seq
        recordsSinceSnapshot += 1
    }

    /// Takes note of a record's time, so that queries can pass over the segment. One that cannot be believed may become
    /// another one, so a segment that holds any is always looked into.
    func note(_ timestamp: Timestamp) {
        guard timestamp.trusted else {
            isTimed = false
            return
        }
        let time = timestamp.milliseconds
        guard let known = times else {
            times = time...time
            return
        }
        if !known.contains(time) { times = min(known.lowerBound, time)...max(known.upperBound, time) }
    }

    /// Writes the times down in the last transaction of the segment.
    func writeTimes() throws(SQLiteError) {
        guard isTimed, let times else { return }
        try connection.run(
            "UPDATE segment SET time_min = ?, time_max = ?", .integer(times.lowerBound), .integer(times.upperBound))
    }

    /// Shows whether the segment can be written: changes nothing, but as durably as a record would.
    func probe() throws(SQLiteError) {
        try connection.transaction { () throws(SQLiteError) in
            try connection.run("UPDATE segment SET generation = generation")
        }
    }

    /// Puts back what was remembered before a transaction that has been rolled back.
    func restore(names: SegmentNames, lastSeq: Int64, recordsSinceSnapshot: Int, facts: SegmentFacts) {
        self.names = names
        self.lastSeq = lastSeq
        self.recordsSinceSnapshot = recordsSinceSnapshot
        self.facts = facts
    }

    /// Notes in the segment which opening of the journal writes it now.
    func update(generation: Int64) throws(SQLiteError) {
        guard facts.generation != generation else { return }
        try connection.run("UPDATE segment SET generation = ?", .integer(generation))
        facts.generation = generation
    }

    func update(cause: Int64) throws(SQLiteError) {
        guard cause > facts.cause else { return }
        try connection.run("UPDATE segment SET cause = ?", .integer(cause))
        facts.cause = cause
    }

    func number(of device: DeviceName) throws(SQLiteError) -> UInt32 { try names.number(of: device, connection) }

    func number(ofKind kind: String) throws(SQLiteError) -> UInt32 { try names.number(ofKind: kind, connection) }

    func number(ofBoot boot: String, _ received: ReceiveTime) throws(SQLiteError) -> UInt32 {
        try names.number(ofBoot: boot, received, connection)
    }

    /// Appends layout, qualities and values of one message.
    func append(_ readings: ArraySlice<Reading>, to bytes: inout [UInt8]) throws(SQLiteError) {
        let layout = try names.number(ofLayout: readings, connection)
        let isAllOk = readings.allSatisfy { $0.quality == .ok }
        bytes.appendVarint(UInt64(layout) << 1 | (isAllOk ? 0 : 1))
        if layout == 0 { try names.appendColumns(readings, to: &bytes, connection) }
        if !isAllOk { for reading in readings { bytes.append(reading.quality.rawValue) } }
        ValuePacking.append(readings, to: &bytes)
    }
}
