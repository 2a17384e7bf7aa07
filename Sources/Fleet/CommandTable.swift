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
        "id, device, name, params, origin, state, result, created, created_trusted, expires"

    static func insert(
        _ command: DeviceCommand, mayRepeat: Bool, _ connection: Connection
    ) throws(SQLiteError) -> Insertion {
        if mayRepeat {
            let newest = try connection.firstRow(
                "SELECT \(columns) FROM fleet_command WHERE device = ? ORDER BY created DESC, id LIMIT 1",
                .text(command.device.text)
            ) { row in self.command(row) }
            if let newest = newest ?? nil, command.repeats(newest) { return .repeats(newest) }
        }
        let open =
            try connection.firstRow(
                "SELECT count(*) FROM fleet_command WHERE device = ? AND state IN ('queued', 'sent')",
                .text(command.device.text)
            ) { row in row.int64(0) } ?? 0
        // An emergency stop is accepted however many commands wait.
        if open >= CommandQueue.backlogMax, command.name != "estop" { return .backlogFull }
        try connection.run(
            "INSERT INTO fleet_command (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", .text(command.id),
            .text(command.device.text), .text(command.name), .text(command.params), .text(command.origin),
            .text(command.state.rawValue), .optional(command.result), .integer(command.created.milliseconds),
            .integer(command.created.trusted ? 1 : 0), .integer(command.expires.milliseconds))
        return .inserted
    }

    static func waiting(
        _ device: DeviceID, now: Int64, _ connection: Connection
    ) throws(SQLiteError) -> [DeviceCommand] {
        try connection.rows(
            """
            SELECT \(columns) FROM fleet_command WHERE device = ? AND state = 'queued' AND expires > ?
            ORDER BY name = 'estop' DESC, created, id
            """, .text(device.text), .integer(now)
        ) { row in command(row) }.compactMap { $0 }
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

    static func expire(now: Int64, _ connection: Connection) throws(SQLiteError) -> [String] {
        let week: Int64 = 7 * 24 * 3_600 * 1_000
        let ids = try connection.rows(
            "SELECT id FROM fleet_command WHERE state IN ('queued', 'sent') AND expires <= ?", .integer(now)
        ) { row in row.text(0) }
        for id in ids {
            try connection.run(
                """
                UPDATE fleet_command SET state = 'expired', result = CASE state
                  WHEN 'queued' THEN 'the device could not be reached in time' ELSE 'the device did not answer in time' END
                WHERE id = ?
                """, .text(id))
        }
        try connection.run(
            "DELETE FROM fleet_command WHERE state NOT IN ('queued', 'sent') AND created < ?", .integer(now - week))
        return ids
    }

    private static func command(_ row: Statement) -> DeviceCommand? {
        guard let device = DeviceID(row.text(1)), let state = DeviceCommand.State(rawValue: row.text(5)) else {
            return nil
        }
        let trusted = row.int64(8) != 0
        return DeviceCommand(
            id: row.text(0), device: device, name: row.text(2), params: row.text(3), origin: row.text(4), state: state,
            result: row.optionalText(6), created: Timestamp(milliseconds: row.int64(7), trusted: trusted),
            expires: Timestamp(milliseconds: row.int64(9), trusted: trusted))
    }
}

extension DeviceCommand {
    /// Whether this is `earlier` once more, sent over another way.
    fileprivate func repeats(_ earlier: DeviceCommand) -> Bool {
        let age = created.milliseconds - earlier.created.milliseconds
        return name == earlier.name && params == earlier.params && origin == earlier.origin
            && (0..<CommandQueue.repeatWindowMilliseconds).contains(age)
            && earlier.state != .refused && earlier.state != .expired
    }
}
