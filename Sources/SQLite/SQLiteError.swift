internal import CSQLite

/// What SQLite refused, sorted by what the caller can do about it.
public struct SQLiteError: Error, Equatable, CustomStringConvertible {
    /// A stable name for the kind of refusal.
    public enum Code: String, Sendable {
        /// No space left on the device, or the file has reached its permitted size.
        case full = "disk_full"
        case io = "io_error"
        /// The file is not a database, or is damaged.
        case corrupt = "database_corrupt"
        /// Another connection holds the lock longer than the busy timeout.
        case busy = "database_busy"
        case readOnly = "database_read_only"
        case cannotOpen = "cannot_open_database"
        case constraint = "constraint_violated"
        case outOfMemory = "out_of_memory"
        case interrupted = "interrupted"
        /// The file was written by a newer version of this program.
        case newerSchema = "newer_schema"
        /// The SQL is wrong, or the connection was used wrongly.
        case invalid = "invalid_statement"
    }

    /// What kind of error it is.
    public var code: Code
    /// SQLite's extended result code; 0 if the refusal is not SQLite's own.
    public var extendedCode: Int32
    public var message: String

    public init(_ code: Code, extendedCode: Int32 = 0, message: String) {
        self.code = code
        self.extendedCode = extendedCode
        self.message = message
    }

    public var description: String { "\(code.rawValue): \(message)" }

    init(result: Int32, message: String) {
        self.init(Self.code(of: result), extendedCode: result, message: message)
    }

    /// The last error of a connection, which said `result`.
    init(database: OpaquePointer?, result: Int32, in sql: String? = nil) {
        let extended = sqlite3_extended_errcode(database)
        let code = extended & 0xFF == result & 0xFF ? extended : result
        let message = String(cString: sqlite3_errmsg(database))
        self.init(result: code, message: sql.map { "\(message) in: \($0.prefix(200))" } ?? message)
    }

    private static func code(of result: Int32) -> Code {
        // The index of a write-ahead log that cannot be lengthened: the disk is full, whatever the name.
        if result == SQLITE_IOERR | 19 << 8 { return .full }
        return switch result & 0xFF {
        case SQLITE_FULL: .full
        case SQLITE_IOERR: .io
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .corrupt
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
        case SQLITE_CANTOPEN: .cannotOpen
        case SQLITE_CONSTRAINT: .constraint
        case SQLITE_NOMEM: .outOfMemory
        case SQLITE_INTERRUPT, SQLITE_ABORT: .interrupted
        default: .invalid
        }
    }
}
