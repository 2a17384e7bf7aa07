public import GatewayModel
public import SQLite

/// Remembers over a restart which numbers of a board's count came without a record, until a record takes them along.
///
/// A board counts its answers like its readings. What it answered just before a kill would else be called missing.
public struct HeardNumbers: Sendable {
    /// What is kept of a device.
    public var kept: @Sendable (DeviceID) -> [ClosedRange<UInt32>]
    /// Keeps these in place of what was kept of the devices before. Durable on return, if it succeeds.
    public var keep: @Sendable (_ numbers: [(device: DeviceID, ranges: [ClosedRange<UInt32>])]) -> Void

    public init(
        kept: @escaping @Sendable (DeviceID) -> [ClosedRange<UInt32>],
        keep: @escaping @Sendable ([(device: DeviceID, ranges: [ClosedRange<UInt32>])]) -> Void
    ) {
        self.kept = kept
        self.keep = keep
    }

    /// Forgets with the process.
    public static let none = HeardNumbers(kept: { _ in [] }, keep: { _ in })

    /// The table in `state.db`.
    public static let migrations = [
        Migration(
            module: "serial", version: 1,
            sql: "CREATE TABLE serial_heard (device TEXT PRIMARY KEY, ranges TEXT NOT NULL) WITHOUT ROWID")
    ]

    /// Kept in `state.db`, which must have been migrated. `onError` is told when it cannot be read or written; at worst a
    /// gap event then counts some answers as missing.
    public init(database: Database, onError: @escaping @Sendable (any Error) -> Void) {
        self.init(
            kept: { device in
                do throws(SQLiteError) {
                    return try database.read { connection throws(SQLiteError) in
                        let sql = "SELECT ranges FROM serial_heard WHERE device = ?"
                        return try connection.firstRow(sql, .text(device.text)) { row in Self.ranges(row.text(0)) }
                            ?? []
                    }
                } catch {
                    onError(error)
                    return []
                }
            },
            keep: { numbers in
                do throws(SQLiteError) {
                    try database.write { connection throws(SQLiteError) in
                        for (device, ranges) in numbers {
                            try connection.run(
                                "INSERT OR REPLACE INTO serial_heard VALUES (?, ?)", .text(device.text),
                                .text(Self.text(ranges)))
                        }
                    }
                } catch {
                    onError(error)
                }
            })
    }

    /// `3-5,7-7`.
    static func text(_ ranges: [ClosedRange<UInt32>]) -> String {
        ranges.map { "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }

    static func ranges(_ text: String) -> [ClosedRange<UInt32>] {
        text.split(separator: ",").compactMap { part in
            let ends = part.split(separator: "-").compactMap { UInt32($0) }
            return ends.count == 2 && ends[0] <= ends[1] ? ends[0]...ends[1] : nil
        }
    }
}
