import GatewayModel
import SQLite

/// The rows of `fleet_device`. Lists and attributes are kept as lines, `key` and value separated by a tab.
enum DeviceTable {
    static func load(_ connection: Connection) throws(SQLiteError) -> [Device] {
        let rows = try connection.rows(
            """
            SELECT id, name, role, firmware, board, reported_id, source, sensors, capabilities, attributes,
              first_seen, first_trusted, last_seen, last_trusted FROM fleet_device
            """
        ) { row in device(row) }
        return rows.compactMap { $0 }
    }

    private static func device(_ row: Statement) -> Device? {
        guard let id = DeviceID(row.text(0)), let source = UInt8(exactly: row.int64(6)).flatMap(SourceKind.init)
        else { return nil }
        var device = Device(
            id: id, source: source, firstSeen: Timestamp(milliseconds: row.int64(10), trusted: row.int64(11) != 0))
        device.displayName = row.optionalText(1)
        device.role = row.optionalText(2)
        device.firmware = row.optionalText(3)
        device.boardType = row.optionalText(4)
        device.reportedID = row.optionalText(5)
        device.sensors = lines(row.text(7))
        device.capabilities = lines(row.text(8))
        for line in lines(row.text(9)) {
            let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if parts.count == 2 { device.attributes[parts[0]] = parts[1] }
        }
        device.lastSeen = Timestamp(milliseconds: row.int64(12), trusted: row.int64(13) != 0)
        return device
    }

    static func save(_ device: Device, _ connection: Connection) throws(SQLiteError) {
        let attributes = device.attributes.sorted { $0.key < $1.key }.map { flat($0.key) + "\t" + flat($0.value) }
        try connection.run(
            "INSERT OR REPLACE INTO fleet_device VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            .text(device.id.text), .optional(device.displayName), .optional(device.role), .optional(device.firmware),
            .optional(device.boardType), .optional(device.reportedID), .integer(Int64(device.source.rawValue)),
            .text(device.sensors.map(flat).joined(separator: "\n")),
            .text(device.capabilities.map(flat).joined(separator: "\n")), .text(attributes.joined(separator: "\n")),
            .integer(device.firstSeen.milliseconds), .integer(device.firstSeen.trusted ? 1 : 0),
            .integer(device.lastSeen.milliseconds), .integer(device.lastSeen.trusted ? 1 : 0))
    }

    private static func lines(_ text: String) -> [String] { text.split(separator: "\n").map(String.init) }

    private static func flat(_ text: String) -> String {
        String(text.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    }
}
