import GatewayModel
import SQLite

/// The rows of `fleet_command`.
enum CommandTable {
    enum Insertion: Sendable {
        case inserted
        case repeats(DeviceCommand)
        case backlogFull
    }

    private static let columns =
        "id, device, name, params, origin, state, result, created, created_trusted, expires, deadline"

    static func insert(
        _ command: DeviceCommand, at now: Int64, of boot: String, mayRepeat: Bool, _ connection: Connection
    ) throws(SQLiteError) -> Insertion {
        if mayRepeat {
            let newest = try connection.firstRow(
                """
                SELECT \(columns), began FROM fleet_command WHERE device = ? AND boot = ?
                ORDER BY began DESC, id LIMIT 1
                """, .text(command.device.text), .text(boot)
            ) { row in self.command(row).map { ($0, now - row.int64(11)) } }
            if let (newest, age) = newest ?? nil, command.repeats(newest, sent: age) { return .repeats(newest) }
        }
        let open =
            try connection.firstRow(
                "SELECT count(*) FROM fleet_command WHERE device = ? AND state IN ('queued', 'sent')",
                .text(command.device.text)
            ) { row in row.int64(0) } ?? 0
        // An emergency stop is accepted however many commands wait.
        if open >= CommandQueue.backlogMax, command.name != "estop" { return .backlogFull }
        try connection.run(
            "INSERT INTO fleet_command (\(columns), boot, began) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            .text(command.id),
            .text(command.device.text), .text(command.name), .text(command.params), .text(command.origin),
            .text(command.state.rawValue), .optional(command.result), .integer(command.created.milliseconds),
            .integer(command.created.trusted ? 1 : 0), .integer(command.expires.milliseconds),
            .integer(command.deadline ?? now), .text(boot), .integer(now))
        return .inserted
    }

    static func waiting(
        _ device: DeviceID, now: Int64, _ boot: String, _ connection: Connection
    ) throws(SQLiteError) -> [DeviceCommand] {
        try connection.rows(
            """
            SELECT \(columns) FROM fleet_command WHERE device = ? AND state = 'queued' AND boot = ? AND deadline > ?
            ORDER BY name = 'estop' DESC, began, created, id
            """, .text(device.text), .text(boot), .integer(now)
        ) { row in command(row) }.compactMap { $0 }
    }

    /// The devices that have such commands.
    static func waitingDevices(
        now: Int64, _ boot: String, _ connection: Connection
    ) throws(SQLiteError) -> [DeviceID] {
        try connection.rows(
            "SELECT DISTINCT device FROM fleet_command WHERE state = 'queued' AND boot = ? AND deadline > ?",
            .text(boot), .integer(now)
        ) { row in DeviceID(row.text(0)) }.compactMap { $0 }
    }

    static func command(_ id: String, _ connection: Connection) throws(SQLiteError) -> DeviceCommand? {
        try connection.firstRow("SELECT \(columns) FROM fleet_command WHERE id = ?", .text(id)) { row in
            command(row)
        } ?? nil
    }

    static func recent(_ limit: Int, _ connection: Connection) throws(SQLiteError) -> [DeviceCommand] {
        try connection.rows(
            "SELECT \(columns) FROM fleet_command ORDER BY created DESC, id LIMIT ?", .integer(Int64(limit))
        ) { row in command(row) }.compactMap { $0 }
    }

    static func update(
        _ id: String, _ state: DeviceCommand.State, _ result: String?, _ connection: Connection
    ) throws(SQLiteError) {
        try connection.run(
            "UPDATE fleet_command SET state = ?, result = coalesce(?, result) WHERE id = ?", .text(state.rawValue),
            .optional(result), .text(id))
    }

    static func expire(now: ReceiveTime, _ boot: String, _ connection: Connection) throws(SQLiteError) -> [String] {
        let week: Int64 = 7 * 24 * 3_600 * 1_000
        try takeOver(now, boot, connection)
        let ids = try connection.rows(
            "SELECT id FROM fleet_command WHERE state IN ('queued', 'sent') AND boot = ? AND deadline <= ?",
            .text(boot), .integer(now.monotonicMilliseconds)
        ) { row in row.text(0) }
        for id in ids {
            try connection.run(
                """
                UPDATE fleet_command SET state = 'expired', result = CASE state
                  WHEN 'queued' THEN 'the device could not be reached in time' ELSE 'the device did not answer in time' END
                WHERE id = ?
                """, .text(id))
        }
        // A week can only be told between two times that are right.
        guard now.wall.trusted else { return ids }
        try connection.run(
            """
            DELETE FROM fleet_command WHERE state NOT IN ('queued', 'sent') AND created_trusted = 1 AND created < ?
            """, .integer(now.wall.milliseconds - week))
        return ids
    }

    /// Gives the unfinished commands of earlier boots a deadline of this one's monotonic clock.
    private static func takeOver(
        _ now: ReceiveTime, _ boot: String, _ connection: Connection
    ) throws(SQLiteError) {
        let isForeign = "state IN ('queued', 'sent') AND boot IS NOT ?"
        let any = try connection.firstRow("SELECT 1 FROM fleet_command WHERE \(isForeign) LIMIT 1", .text(boot)) { _ in
            true
        }
        guard any != nil else { return }
        try connection.run(
            """
            UPDATE fleet_command SET began = -1, boot = ?1, deadline = ?2 + CASE
              WHEN created_trusted = 1 AND ?3 = 1 THEN min(expires - ?4, expires - created) ELSE expires - created END
            WHERE state IN ('queued', 'sent') AND boot IS NOT ?1
            """, .text(boot), .integer(now.monotonicMilliseconds), .integer(now.wall.trusted ? 1 : 0),
            .integer(now.wall.milliseconds))
    }

    private static func command(_ row: Statement) -> DeviceCommand? {
        guard let device = DeviceID(row.text(1)), let state = DeviceCommand.State(rawValue: row.text(5)) else {
            return nil
        }
        let trusted = row.int64(8) != 0
        return DeviceCommand(
            id: row.text(0), device: device, name: row.text(2), params: row.text(3), origin: row.text(4), state: state,
            result: row.optionalText(6), created: Timestamp(milliseconds: row.int64(7), trusted: trusted),
            expires: Timestamp(milliseconds: row.int64(9), trusted: trusted), deadline: row.optionalInt64(10))
    }
}

extension DeviceCommand {
    /// Whether this is `earlier` once more, sent over another way `age` milliseconds later.
    fileprivate func repeats(_ earlier: DeviceCommand, sent age: Int64) -> Bool {
        name == earlier.name && params == earlier.params && origin == earlier.origin
            && (0..<CommandQueue.repeatWindowMilliseconds).contains(age)
            && earlier.state != .refused && earlier.state != .expired
    }
}
