public import GatewayModel
public import SQLite

/// Remembers over a restart how far the devices without a network server have counted, so that no old frame passes for a
/// new one, and how far the gateway has counted its downlinks.
public struct FrameCounters: Sendable {
    /// The last counters of a device; nil if it was never heard.
    public struct Kept: Sendable, Equatable {
        public var up: UInt32?
        /// The number of the next downlink.
        public var down: UInt32

        public init(up: UInt32?, down: UInt32) {
            self.up = up
            self.down = down
        }
    }

    /// What was kept of a device before.
    public var kept: @Sendable (DeviceID) -> Kept
    /// Durable on return, if it succeeds. False: it could not be kept.
    public var keep: @Sendable (DeviceID, Kept) -> Bool

    public init(
        kept: @escaping @Sendable (DeviceID) -> Kept, keep: @escaping @Sendable (DeviceID, Kept) -> Bool
    ) {
        self.kept = kept
        self.keep = keep
    }

    /// Forgets with the process.
    public static let none = FrameCounters(kept: { _ in Kept(up: nil, down: 0) }, keep: { _, _ in true })

    /// The table in `state.db`.
    public static let migrations = [
        Migration(
            module: "lora", version: 1,
            sql: "CREATE TABLE lora_counter (device TEXT PRIMARY KEY, up INTEGER, down INTEGER NOT NULL) WITHOUT ROWID")
    ]

    /// Kept in `state.db`, which must have been migrated. `onError` is told when it cannot be read or written.
    public init(database: Database, onError: @escaping @Sendable (any Error) -> Void) {
        self.init(
            kept: { device in
                do throws(SQLiteError) {
                    return try database.read { connection throws(SQLiteError) in
                        let sql = "SELECT coalesce(up, -1), down FROM lora_counter WHERE device = ?"
                        return try connection.firstRow(sql, .text(device.text)) { row in
                            Kept(up: UInt32(exactly: row.int64(0)), down: UInt32(exactly: row.int64(1)) ?? 0)
                        } ?? Kept(up: nil, down: 0)
                    }
                } catch {
                    onError(error)
                    return Kept(up: nil, down: 0)
                }
            },
            keep: { device, kept in
                do throws(SQLiteError) {
                    try database.write { connection throws(SQLiteError) in
                        try connection.run(
                            "INSERT OR REPLACE INTO lora_counter VALUES (?, ?, ?)", .text(device.text),
                            kept.up.map { .integer(Int64($0)) } ?? .null, .integer(Int64(kept.down)))
                    }
                    return true
                } catch {
                    onError(error)
                    return false
                }
            })
    }
}
