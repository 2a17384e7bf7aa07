internal import SQLite

/// The file of one segment: where it is and what state its first bytes say it is in.
struct SegmentFile: Equatable, Sendable {
    /// Number of the first record it may hold: its name.
    let first: Int64
    let path: String

    enum Condition: Equatable {
        /// Being written, or not yet closed properly.
        case open
        /// Never to be changed: rollback mode, all of it in the one file.
        case sealed
        /// Created, but a crash came before its first commit.
        case empty
        case damaged(String)
        /// It may hold anything: nothing is to be concluded from it, and nothing to be done to it.
        case closed(String)
    }

    init(folder: String, first: Int64) {
        self.first = first
        let digits = String(first)
        path = folder + "/" + String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + digits + ".db"
    }

    /// The folder of its stream.
    var folder: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }
    var wal: String { path + "-wal" }
    var sharedMemory: String { path + "-shm" }
    /// There only while a segment is being sealed, or when that broke off.
    var rollbackJournal: String { path + "-journal" }

    /// What the segment takes on disk, WAL included.
    var bytes: Int64 { (Folder.size(of: path) ?? 0) + (Folder.size(of: wal) ?? 0) }

    /// Whether no record can have been committed to it: the power went while it was being created. The first commit goes to
    /// the log, and has made the file longer than one page when the log is emptied.
    var isUnfinished: Bool {
        let size = Folder.size(of: path) ?? 0
        // A file without a first page has never been synced, whatever the power cut left of its log.
        return size == 0 || size <= 4_096 && (Folder.size(of: wal) ?? 0) == 0
    }

    /// Looks at the database header (SQLite file format, section 1.3) and the file's size; opens nothing.
    var condition: Condition {
        switch Folder.head(of: path, count: 100) {
        case .bytes(let head): return condition(head)
        case .damaged(let reason): return .damaged("cannot be read: \(reason)")
        case .closed(let reason): return .closed(reason)
        }
    }

    private func condition(_ head: [UInt8]) -> Condition {
        let walSize = Folder.size(of: wal) ?? 0
        if head.isEmpty { return walSize == 0 ? .empty : .damaged("no header, but a WAL") }
        let magic = Array("SQLite format 3\u{0}".utf8)
        // Records reach the file by way of the WAL, and make it longer than this: what a power cut left of creating it.
        if walSize == 0, !head.starts(with: magic), Folder.size(of: path) ?? 0 <= 4_096 { return .empty }
        guard head.count == 100, head.starts(with: magic) else {
            return .damaged("not a database")
        }
        guard head[18] == 1, head[19] == 1, walSize == 0, Folder.size(of: rollbackJournal) == nil else {
            // Checksums beside a format that does not exist: a bit has flipped. Else opening it finishes or undoes a sealing.
            let isWhole = head[18] == head[19] && (1...2).contains(head[18])
            return !isWhole && PageSums.exist(of: path) ? .damaged("its header is damaged") : .open
        }
        let pageSize = Int64(head[16]) << 8 | Int64(head[17])
        let pages = head[28..<32].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        let size = Folder.size(of: path) ?? 0
        guard pageSize > 0, size >= pages * (pageSize == 1 ? 65_536 : pageSize) else {
            return .damaged("shorter than its header says")
        }
        return .sealed
    }

    /// The segments of a folder that can be listed, oldest first.
    static func all(in folder: String) -> [SegmentFile] { named(Folder.names(in: folder), in: folder) }

    /// The segments of a folder, oldest first.
    static func found(in folder: String) throws(JournalError) -> [SegmentFile] {
        named(try Folder.listing(folder), in: folder)
    }

    private static func named(_ names: [String], in folder: String) -> [SegmentFile] {
        names.compactMap { name in
            guard name.hasSuffix(".db"), let first = Int64(name.dropLast(3)), first > 0 else { return nil }
            let file = SegmentFile(folder: folder, first: first)
            return file.path == folder + "/" + name ? file : nil
        }
        .sorted { $0.first < $1.first }
    }

    func remove() {
        Folder.remove(path)
        Folder.remove(wal)
        Folder.remove(rollbackJournal)
        Folder.remove(sharedMemory)
    }

    /// Moves all that belongs to the segment to `folder`, so that it is in nobody's way and can be looked at.
    ///
    /// - Returns: where it is now.
    @discardableResult
    func setAside(in folder: String, stream: String) throws(JournalError) -> String {
        try Folder.make(folder)
        let target = "\(folder)/\(stream)-\(first).db"
        let suffixes = ["", "-wal", "-journal", "-shm"]
        var name = target
        var attempt = 1
        while suffixes.contains(where: { Folder.size(of: name + $0) != nil }) {
            attempt += 1
            name = "\(target).\(attempt)"
        }
        for suffix in suffixes where Folder.size(of: path + suffix) != nil {
            try Folder.rename(path + suffix, to: name + suffix)
        }
        try Folder.sync(folder)
        return name
    }
}
