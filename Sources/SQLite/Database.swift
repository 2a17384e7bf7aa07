internal import Synchronization

/// A database file shared by several threads through one connection: small state, rarely written.
// The connection is touched only while `turn` is held.
public final class Database: @unchecked Sendable {
    /// What a commit survives.
    public enum Durability: String, Sendable {
        /// A power cut.
        case full = "FULL"
        /// The death of this process; a power cut may undo the last commits, never tear one.
        case normal = "NORMAL"
    }

    /// The file.
    public let path: String
    private let connection: Connection
    private let turn = Mutex<Void>(())

    /// Opens or creates `path` in WAL mode with foreign keys enforced.
    public init(path: String, durability: Durability = .full) throws(SQLiteError) {
        let connection = try Connection(path: path)
        try connection.useWriteAheadLog()
        try connection.pragma("synchronous=" + durability.rawValue)
        try connection.pragma("foreign_keys=ON")
        try connection.pragma("cache_size=-256")
        try connection.pragma("journal_size_limit=4194304")
        self.path = path
        self.connection = connection
    }

    /// Runs `body` in one write transaction, kept as a whole or not at all. Durable on return (see `Durability`).
    ///
    /// Must not be nested: the calling thread would wait for itself.
    public func write<R: Sendable>(_ body: (Connection) throws(SQLiteError) -> R) throws(SQLiteError) -> R {
        try turn.withLock { _ throws(SQLiteError) in
            try connection.transaction { () throws(SQLiteError) in try body(connection) }
        }
    }

    /// Runs `body` without a transaction of its own; statements see what has been committed before them.
    public func read<R: Sendable>(_ body: (Connection) throws(SQLiteError) -> R) throws(SQLiteError) -> R {
        try turn.withLock { _ throws(SQLiteError) in try body(connection) }
    }

    /// See `Connection.migrate`.
    public func migrate(_ migrations: [Migration]) throws(SQLiteError) {
        try turn.withLock { _ throws(SQLiteError) in try connection.migrate(migrations) }
    }
}
