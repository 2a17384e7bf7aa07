public import GatewayModel
public import SQLite

extension Journal {
    /// What earlier runs knew of the time: see `clockMemory`.
    public struct ClockMemory: Sendable, Equatable {
        /// The newest time known to have been right, to about ten minutes.
        public var floor: Int64?
        /// Wall clock minus monotonic clock in this boot, if it could be believed at any time.
        public var offset: Int64?
    }

    static let clockMigration = Migration(
        module: "clock", version: 1,
        sql: """
            CREATE TABLE clock_boot (
                boot TEXT PRIMARY KEY,
                -- Wall clock minus monotonic clock in milliseconds; null until the clock could be believed.
                offset INTEGER,
                -- Whether consumers are still to be told.
                pending INTEGER NOT NULL
            );
            CREATE TABLE clock_floor (one INTEGER PRIMARY KEY CHECK (one = 1), known_ms INTEGER NOT NULL);
            """)

    static let untrustedMigration = Migration(
        module: "clock", version: 2,
        sql: """
            -- Whether records of the boot may have been stored under a clock that could not be believed; of boots from before
            -- this was kept nobody knows.
            ALTER TABLE clock_boot ADD COLUMN untrusted INTEGER NOT NULL DEFAULT 1;
            """)

    /// What `state` keeps of the time, for the clock that the journal is then opened with.
    public static func clockMemory(_ state: Database, boot: String) throws(SQLiteError) -> ClockMemory {
        try state.read { connection throws(SQLiteError) in
            ClockMemory(
                floor: try connection.firstRow("SELECT known_ms FROM clock_floor") { $0.int64(0) },
                offset: try connection.firstRow("SELECT offset FROM clock_boot WHERE boot = ?", .text(boot)) {
                    $0.optionalInt64(0)
                } ?? nil)
        }
    }

    /// Takes note of what the clock says; to be called about once a second. When it can be believed for the first time in
    /// this boot, or tells another time than it did, the offset is kept: records stored under an untrusted clock have
    /// their right time from then on, and an event `clock_correction` tells those who have read them already.
    ///
    /// - Returns: the offset, if it has just become known or changed.
    @discardableResult
    public func note(clock now: ReceiveTime) throws(JournalError) -> Int64? {
        do throws(SQLiteError) {
            return try state.clockWatch.note(now, in: self)
        } catch { throw JournalError(error) }
    }
}
