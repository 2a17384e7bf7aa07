public import GatewayModel
public import SQLite

/// What somebody found a sensor to be off by; added to each of its values from then on.
public struct Calibration: Sendable, Equatable {
    public var device: DeviceID
    public var metric: String
    /// In the metric's own unit.
    public var offset: Double
    /// Who set it, and when.
    public var origin: String
    public var set: Timestamp

    public init(device: DeviceID, metric: String, offset: Double, origin: String, set: Timestamp) {
        self.device = device
        self.metric = metric
        self.offset = offset
        self.origin = origin
        self.set = set
    }
}

/// The calibrations in `state.db`.
public struct CalibrationTable: Sendable {
    private let database: Database

    /// Its table.
    public static let migrations = [
        Migration(
            module: "calibration", version: 1,
            sql: """
                CREATE TABLE calibration (device TEXT NOT NULL, metric TEXT NOT NULL, amount REAL NOT NULL,
                  origin TEXT NOT NULL, at INTEGER NOT NULL, trusted INTEGER NOT NULL, PRIMARY KEY (device, metric))
                  WITHOUT ROWID
                """)
    ]

    /// Of a database that has been migrated.
    public init(database: Database) { self.database = database }

    /// All of them, by device and metric.
    public func all() throws(SQLiteError) -> [Calibration] {
        try database.read { connection throws(SQLiteError) in
            try connection.rows(
                "SELECT device, metric, amount, origin, at, trusted FROM calibration ORDER BY device, metric"
            ) { row in
                DeviceID(row.text(0)).map {
                    Calibration(
                        device: $0, metric: row.text(1), offset: row.double(2), origin: row.text(3),
                        set: Timestamp(milliseconds: row.int64(4), trusted: row.int64(5) != 0))
                }
            }.compactMap { $0 }
        }
    }

    /// Writes one in place of the one before; an offset of 0 removes it. Durable on return.
    public func save(_ calibration: Calibration) throws(SQLiteError) {
        try database.write { connection throws(SQLiteError) in
            guard calibration.offset != 0 else {
                return try connection.run(
                    "DELETE FROM calibration WHERE device = ? AND metric = ?", .text(calibration.device.text),
                    .text(calibration.metric))
            }
            try connection.run(
                "INSERT OR REPLACE INTO calibration VALUES (?, ?, ?, ?, ?, ?)", .text(calibration.device.text),
                .text(calibration.metric), .real(calibration.offset), .text(calibration.origin),
                .integer(calibration.set.milliseconds), .integer(calibration.set.trusted ? 1 : 0))
        }
    }
}
