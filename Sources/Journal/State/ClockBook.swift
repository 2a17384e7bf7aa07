internal import GatewayModel
internal import SQLite
internal import Synchronization

/// What is known of the wall clock in each boot of this box: by how much it was ahead of the monotonic clock once it
/// could be believed. Records that were stored before it could get their time from it when they are read.
final class ClockBook: Sendable {
    private let offsets: Mutex<[String: Int64]>
    /// Changes whenever an offset does.
    private let changes = Atomic<Int>(0)

    static let empty = ClockBook([:])

    private init(_ offsets: [String: Int64]) { self.offsets = Mutex(offsets) }

    convenience init(_ connection: Connection) throws(SQLiteError) {
        let rows = try connection.rows("SELECT boot, offset FROM clock_boot WHERE offset IS NOT NULL") {
            ($0.text(0), $0.int64(1))
        }
        self.init(Dictionary(rows) { $1 })
    }

    /// For other processes than the daemon: as it is in a `state.db`; empty if that cannot be read.
    static func read(_ path: String) -> ClockBook {
        // Without it records are shown with the time they have.
        guard let connection = try? Connection(path: path, access: .readOnly) else { return empty }
        return (try? ClockBook(connection)) ?? empty
    }

    var version: Int { changes.load(ordering: .acquiring) }

    subscript(boot: String) -> Int64? { offsets.withLock { $0[boot] } }

    func set(_ offset: Int64, of boot: String) {
        offsets.withLock { $0[boot] = offset }
        changes.add(1, ordering: .acquiringAndReleasing)
    }
}

extension StateStore {
    /// Boots remembered; of older ones no records are left, or their times stay as they are.
    private static let bootCountMax: Int64 = 4_096

    /// The offset of a boot is known. Durable on return.
    func know(offset: Int64, of boot: String) throws(SQLiteError) {
        try durable.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT INTO clock_boot (boot, offset, pending, untrusted) VALUES (?1, ?2, 1, 0) ON CONFLICT (boot) DO UPDATE SET offset = ?2, pending = 1",
                .text(boot), .integer(offset))
            try connection.run(
                "DELETE FROM clock_boot WHERE rowid <= (SELECT max(rowid) FROM clock_boot) - ?",
                .integer(Self.bootCountMax))
        }
    }

    /// What consumers are still to be told of a boot.
    struct Correction: Equatable {
        /// Whether the right time was not told yet of records that were stored under a clock that could not be believed.
        var isPending = false
        /// Whether there may be such records.
        var mayConcern = false
    }

    func correction(of boot: String) throws(SQLiteError) -> Correction {
        try durable.read { connection throws(SQLiteError) in
            try connection.firstRow("SELECT pending, untrusted FROM clock_boot WHERE boot = ?", .text(boot)) {
                Correction(isPending: $0.int64(0) != 0, mayConcern: $0.int64(1) != 0)
            } ?? Correction()
        }
    }

    /// Durable on return.
    func keep(_ correction: Correction, of boot: String) throws(SQLiteError) {
        try durable.write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT INTO clock_boot (boot, offset, pending, untrusted) VALUES (?1, NULL, ?2, ?3) ON CONFLICT (boot) DO UPDATE SET pending = ?2, untrusted = ?3",
                .text(boot), .integer(correction.isPending ? 1 : 0), .integer(correction.mayConcern ? 1 : 0))
            try connection.run(
                "DELETE FROM clock_boot WHERE rowid <= (SELECT max(rowid) FROM clock_boot) - ?",
                .integer(Self.bootCountMax))
        }
    }

    /// May become older by a power cut.
    func note(floor: Int64) throws(SQLiteError) {
        try quick.write { connection throws(SQLiteError) in
            try connection.run("INSERT OR REPLACE INTO clock_floor VALUES (1, ?)", .integer(floor))
        }
    }
}
