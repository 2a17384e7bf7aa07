public import GatewayModel
public import SQLite

/// Remembers the dark frames of instruments over a restart.
public struct DarkFrames: Sendable {
    /// What is kept of a device.
    public var kept: @Sendable (DeviceID) -> DarkFrame?
    /// Keeps it in place of the one before, or none. Durable on return, if it succeeds.
    public var keep: @Sendable (DeviceID, DarkFrame?) -> Void

    public init(
        kept: @escaping @Sendable (DeviceID) -> DarkFrame?, keep: @escaping @Sendable (DeviceID, DarkFrame?) -> Void
    ) {
        self.kept = kept
        self.keep = keep
    }

    /// Forgets with the port.
    public static let none = DarkFrames(kept: { _ in nil }, keep: { _, _ in })

    /// The table in `state.db`. The blobs are doubles, little-endian.
    public static let migrations = [
        Migration(
            module: "instruments", version: 1,
            sql: """
                CREATE TABLE dark_frames (
                    device TEXT PRIMARY KEY, taken INTEGER NOT NULL, is_trusted INTEGER NOT NULL, integration REAL,
                    gain REAL, wavelengths BLOB NOT NULL, counts BLOB NOT NULL) WITHOUT ROWID
                """)
    ]

    /// Kept in `state.db`, which must have been migrated. `onError` is told when it cannot be read or written; the frame
    /// is then one of the open port alone.
    public init(database: Database, onError: @escaping @Sendable (any Error) -> Void) {
        self.init(
            kept: { device in
                do throws(SQLiteError) {
                    return try database.read { connection throws(SQLiteError) in
                        try Self.read(device, from: connection)
                    }
                } catch {
                    onError(error)
                    return nil
                }
            },
            keep: { device, frame in
                do throws(SQLiteError) {
                    try database.write { connection throws(SQLiteError) in
                        try Self.write(frame, of: device, to: connection)
                    }
                } catch {
                    onError(error)
                }
            })
    }

    private static func read(_ device: DeviceID, from connection: Connection) throws(SQLiteError) -> DarkFrame? {
        let sql = "SELECT taken, is_trusted, integration, gain, wavelengths, counts FROM dark_frames WHERE device = ?"
        return try connection.firstRow(sql, .text(device.text)) { row in
            DarkFrame(
                wavelengths: numbers(row.blob(4)), counts: numbers(row.blob(5)),
                integration: row.isNull(2) ? nil : row.double(2), gain: row.isNull(3) ? nil : row.double(3),
                taken: Timestamp(milliseconds: row.int64(0), trusted: row.int64(1) != 0))
        }
    }

    private static func write(
        _ frame: DarkFrame?, of device: DeviceID, to connection: Connection
    ) throws(SQLiteError) {
        guard let frame else {
            return try connection.run("DELETE FROM dark_frames WHERE device = ?", .text(device.text))
        }
        try connection.run(
            "INSERT OR REPLACE INTO dark_frames VALUES (?, ?, ?, ?, ?, ?, ?)", .text(device.text),
            .integer(frame.taken.milliseconds), .integer(frame.taken.trusted ? 1 : 0),
            frame.integration.map(SQLiteValue.real) ?? .null, frame.gain.map(SQLiteValue.real) ?? .null,
            .blob(bytes(frame.wavelengths)), .blob(bytes(frame.counts)))
    }

    private static func bytes(_ numbers: [Double]) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) } }
    }

    private static func numbers(_ bytes: [UInt8]) -> [Double] {
        bytes.withUnsafeBytes { bytes in
            (0..<bytes.count / 8).map { index in
                Double(
                    bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)))
            }
        }
    }
}
