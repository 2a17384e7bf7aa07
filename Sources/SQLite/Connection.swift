internal import CSQLite

/// One connection to a database file, used by one thread at a time.
public final class Connection {
    /// What a connection may do with its file.
    public enum Access: Sendable {
        /// Creates the file if it is missing.
        case create
        case readWrite
        /// Reads a file that others may be writing (needs write access to its folder when it is in WAL mode).
        case readOnly
        /// Reads a file that nobody will ever change: no locks, no `-shm`. Never for a file that is still written. Pages
        /// that do not match their checksum (`PageSums`) are `corrupt`.
        case immutable
    }

    /// The file.
    public let path: String
    let handle: OpaquePointer
    private var statements: [String: Statement] = [:]
    /// Prepared statements kept for reuse; beyond this they are all dropped, which only costs preparing them again.
    private static let statementCountMax = 64

    /// Opens `path` (`:memory:` for a private database in memory). Nothing is read before the first statement.
    ///
    /// - Parameter busyTimeout: how long a statement waits for a lock held by another connection.
    public init(path: String, access: Access = .create, busyTimeout: Duration = .seconds(5)) throws(SQLiteError) {
        var handle: OpaquePointer?
        let vfs = access == .immutable && SealedVFS.register() ? SealedVFS.name : nil
        let result = sqlite3_open_v2(Self.name(path, access), &handle, Self.flags(access), vfs)
        guard result == SQLITE_OK, let handle else {
            let message = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? "cannot open"
            sqlite3_close_v2(handle)
            throw SQLiteError(result: result, message: "\(message): \(path)")
        }
        self.path = path
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        let parts = busyTimeout.components
        let milliseconds = parts.seconds * 1_000 + parts.attoseconds / 1_000_000_000_000_000
        sqlite3_busy_timeout(handle, Int32(clamping: milliseconds))
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Runs SQL that yields nothing, several statements at once if separated by `;`. The text must be ours.
    public func execute(_ sql: String) throws(SQLiteError) {
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw error(result, in: sql) }
    }

    /// A statement the caller keeps.
    public func prepare(_ sql: String) throws(SQLiteError) -> Statement { try Statement(self, sql) }

    /// A statement out of the connection's cache, reset and without bindings; a new one if the cached one is in use.
    public func statement(_ sql: String) throws(SQLiteError) -> Statement {
        if let known = statements[sql] {
            if known.isBusy { return try prepare(sql) }
            known.reset()
            known.clearBindings()
            return known
        }
        if statements.count >= Self.statementCountMax { statements.removeAll() }
        let made = try prepare(sql)
        statements[sql] = made
        return made
    }

    /// Runs one statement with the given parameters.
    public func run(_ sql: String, _ parameters: SQLiteValue...) throws(SQLiteError) {
        try bound(sql, parameters).run()
    }

    /// Calls `body` for each row; returns early when it returns false.
    public func forEachRow(
        _ sql: String, _ parameters: SQLiteValue..., body: (Statement) throws(SQLiteError) -> Bool
    ) throws(SQLiteError) {
        let statement = try bound(sql, parameters)
        defer { statement.reset() }
        while try statement.step() {
            guard try body(statement) else { return }
        }
    }

    /// One value per row, made by `body`.
    public func rows<R>(
        _ sql: String, _ parameters: SQLiteValue..., body: (Statement) throws(SQLiteError) -> R
    ) throws(SQLiteError) -> [R] {
        let statement = try bound(sql, parameters)
        defer { statement.reset() }
        var made: [R] = []
        while try statement.step() { made.append(try body(statement)) }
        return made
    }

    /// What `body` makes of the first row; nil if there is none.
    public func firstRow<R>(
        _ sql: String, _ parameters: SQLiteValue..., body: (Statement) throws(SQLiteError) -> R
    ) throws(SQLiteError) -> R? {
        let statement = try bound(sql, parameters)
        defer { statement.reset() }
        return try statement.step() ? try body(statement) : nil
    }

    /// The row that the last INSERT of this connection made.
    public var lastInsertRowID: Int64 { sqlite3_last_insert_rowid(handle) }
    /// Rows changed by the last insert, update or delete.
    public var changeCount: Int { Int(sqlite3_changes64(handle)) }
    public var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// Makes a statement running on another thread of this connection fail with `interrupted`.
    public func interrupt() { sqlite3_interrupt(handle) }

    func error(_ result: Int32, in sql: String? = nil) -> SQLiteError {
        SQLiteError(database: handle, result: result, in: sql)
    }

    private func bound(_ sql: String, _ parameters: [SQLiteValue]) throws(SQLiteError) -> Statement {
        let statement = try statement(sql)
        for (index, value) in parameters.enumerated() { statement.bind(value, at: Int32(index + 1)) }
        return statement
    }

    private static func flags(_ access: Access) -> Int32 {
        let common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI
        return switch access {
        case .create: common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
        case .readWrite: common | SQLITE_OPEN_READWRITE
        case .readOnly, .immutable: common | SQLITE_OPEN_READONLY
        }
    }

    /// An URI, so that `immutable` can be said; every byte that could be taken for syntax is escaped.
    private static func name(_ path: String, _ access: Access) -> String {
        guard path != ":memory:" else { return path }
        var uri = path.hasPrefix("/") ? "file://" : "file:"
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                uri.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                uri += digits.count == 1 ? "%0\(digits)" : "%\(digits)"
            }
        }
        if case .immutable = access { uri += "?immutable=1" }
        return uri
    }
}
