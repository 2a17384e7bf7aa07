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
    /// What the write-ahead log is kept below, as long as no reader holds on to it.
    public let walSize: Int64
    private let connection: Connection
    private let turn = Mutex<Void>(())
    private let relief = Mutex<(@Sendable () -> Bool)?>(nil)

    /// Opens or creates `path` in WAL mode with foreign keys enforced.
    ///
    /// - Parameter walSize: bytes, 64 KiB or more; small disks want a small one.
    public init(
        path: String, durability: Durability = .full, walSize: Int64 = 4 << 20
    ) throws(SQLiteError) {
        let connection = try Connection(path: path)
        try connection.useWriteAheadLog()
        try connection.pragma("synchronous=" + durability.rawValue)
        try connection.pragma("foreign_keys=ON")
        try connection.pragma("cache_size=-256")
        try connection.pragma("journal_size_limit=\(walSize)")
        try connection.pragma("wal_autocheckpoint=\(max(16, walSize / 4_096))")
        self.path = path
        self.walSize = walSize
        self.connection = connection
    }

    /// Runs `body` in one write transaction, kept as a whole or not at all. Durable on return (see `Durability`).
    ///
    /// Must not be nested: the calling thread would wait for itself.
    public func write<R: Sendable>(_ body: (Connection) throws(SQLiteError) -> R) throws(SQLiteError) -> R {
        try turn.withLock { _ throws(SQLiteError) in
            do throws(SQLiteError) {
                return try connection.transaction { () throws(SQLiteError) in try body(connection) }
            } catch {
                guard error.code == .full, let relief = relief.withLock({ $0 }), relief() else { throw error }
                return try connection.transaction { () throws(SQLiteError) in try body(connection) }
            }
        }
    }

    /// Has `body` make room when a write meets a full disk; when it says that it has, the write is tried once more.
    public func relieve(by body: @escaping @Sendable () -> Bool) { relief.withLock { $0 = body } }

    /// Runs `body` without a transaction of its own; statements see what has been committed before them.
    public func read<R: Sendable>(_ body: (Connection) throws(SQLiteError) -> R) throws(SQLiteError) -> R {
        try turn.withLock { _ throws(SQLiteError) in try body(connection) }
    }

    /// See `Connection.migrate`.
    public func migrate(_ migrations: [Migration]) throws(SQLiteError) {
        try turn.withLock { _ throws(SQLiteError) in try connection.migrate(migrations) }
    }
}
