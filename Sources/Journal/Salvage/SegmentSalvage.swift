internal import GatewayModel
internal import SQLite

/// What can still be read of a damaged segment, and how it is written into a sound one.
struct SegmentSalvage {
    /// What a salvaged segment holds.
    struct Kept {
        var count: Int64 = 0
        /// The highest number kept; one before the segment's first if nothing is.
        var last: Int64
        /// Numbers between the segment's first and `last` that are lost.
        var missing: [ClosedRange<Int64>] = []
    }

    private let file: SegmentFile
    private let stream: StreamName
    private var tree: TableTree
    private let facts: SegmentFacts
    private let names: SalvagedNames
    private let pageSize: Int

    /// Nil if nothing can be made of it: without its description no time of it means anything.
    init?(_ file: SegmentFile, _ stream: StreamName) {
        guard let pages = DatabasePages(file.path, log: file.wal) else { return nil }
        var tree = TableTree(pages)
        guard let row = tree.rows(of: "segment").first(where: { $0.rowID == 1 }),
            let facts = SegmentFacts(row, stream)
        else { return nil }
        self.file = file
        self.stream = stream
        self.facts = facts
        names = SalvagedNames(&tree, facts)
        self.tree = tree
        pageSize = pages.pageSize
    }

    /// Writes what is left as a sealed segment. Durable on return, but for the name of the file.
    ///
    /// - Parameter end: the highest number that can belong to the segment.
    mutating func write(to path: String, through end: Int64) throws(SQLiteError) -> Kept {
        let connection = try Connection(path: path)
        try connection.pragma("page_size=\(pageSize)")
        try connection.pragma("synchronous=FULL")
        try connection.pragma("cache_size=-2048")
        try connection.pragma("temp_store=MEMORY")
        return try connection.transaction { () throws(SQLiteError) in
            try connection.pragma("application_id=\(SegmentSchema.applicationID)")
            try connection.pragma("user_version=\(SegmentSchema.version)")
            try connection.execute(SegmentSchema.tables)
            try facts.insert(into: connection)
            try names.write(to: connection)
            try copyRecords(to: connection, through: end)
            try copySnapshots(to: connection, through: end)
            return try kept(in: connection)
        }
    }

    private mutating func copyRecords(to connection: Connection, through end: Int64) throws(SQLiteError) {
        let insertion = try connection.prepare("INSERT OR IGNORE INTO records VALUES (?, ?)")
        let names = names
        let range = file.first...max(end, file.first)
        var failure: SQLiteError?
        let copy = { (rows: [TableRow]) in
            for (index, row) in rows.enumerated() where failure == nil {
                guard range.contains(row.rowID), Self.hasNeighbour(index, rows), row.values.count == 1,
                    let body = row.values[0].blob,
                    names.isReadable(body)
                else { continue }
                do throws(SQLiteError) {
                    insertion.bind(row.rowID, at: 1)
                    insertion.bind(.blob(body), at: 2)
                    try insertion.run()
                } catch { failure = error }
            }
        }
        tree.forEachLeaf(of: "records", copy)
        _ = tree.rows(of: "snapshots")
        tree.forEachOrphan { rows in
            // Snapshots look the same; but only records follow each other number by number.
            guard rows.count > 1, zip(rows, rows.dropFirst()).allSatisfy({ $0.rowID + 1 == $1.rowID }) else { return }
            copy(rows)
        }
        if let failure { throw failure }
    }

    /// Records follow each other number by number: one that does not fit to either side has a number that is wrong.
    private static func hasNeighbour(_ index: Int, _ rows: [TableRow]) -> Bool {
        let number = rows[index].rowID
        return rows.count == 1 || index > 0 && rows[index - 1].rowID == number - 1
            || index + 1 < rows.count && rows[index + 1].rowID - 1 == number
    }

    private mutating func copySnapshots(to connection: Connection, through end: Int64) throws(SQLiteError) {
        for row in tree.rows(of: "snapshots") where row.rowID >= file.first && row.rowID <= end {
            guard row.values.count == 1, let body = row.values[0].blob else { continue }
            try connection.run("INSERT OR IGNORE INTO snapshots VALUES (?, ?)", .integer(row.rowID), .blob(body))
        }
    }

    private func kept(in connection: Connection) throws(SQLiteError) -> Kept {
        var kept = Kept(last: file.first - 1)
        try connection.forEachRow("SELECT seq FROM records ORDER BY seq") { row throws(SQLiteError) in
            let seq = row.int64(0)
            if seq > kept.last + 1 { kept.missing.append(kept.last + 1...seq - 1) }
            kept.last = seq
            kept.count += 1
            return true
        }
        return kept
    }
}

extension SegmentFacts {
    /// From a row that has been found without SQLite; nil if it describes no segment of the stream.
    init?(_ row: TableRow, _ stream: StreamName) {
        let values = row.values
        guard values.count >= 5, values[0].text == stream.rawValue, let epoch = values[1].text,
            let generation = values[2].integer, let base = values[3].integer, let cause = values[4].integer
        else { return nil }
        self.init(stream: stream.rawValue, epoch: epoch, generation: generation, baseWall: base, cause: cause)
    }
}
