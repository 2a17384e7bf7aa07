import Glibc
import Journal
import JSONText
import SQLite

extension Verb {
    static let sql = Verb(
        name: "sql", synopsis: "\"select …\" [--json]", summary: "Runs SQL over the readings of this gateway.",
        details: """
            The table is readings(seq, time, time_ms, device, metric, value, unit, quality, device_seq, msg_id, source,
            flags), one row a reading. Works while the daemon runs, and without it. Nothing can be changed.
            """,
        options: [.json] + Option.daemon, words: 1...1
    ) { arguments in
        let folder = Locations(arguments).dataDirectory
        // A table without rows would look like a site without readings.
        guard access(folder + "/journal", F_OK) == 0 else {
            throw ToolError.failed(
                "\(folder) holds no journal: name the data folder by --data-dir or MYCOGATE_DATA_DIR")
        }
        let connection = try JournalSQL.open(dataDirectory: folder)
        let statement = try connection.prepare(arguments.words[0])
        let names = (0..<statement.columnCount).map { statement.columnName($0) }
        var rows: [[String]] = []
        while try statement.step() {
            if arguments.has("json") {
                let members = names.enumerated().map { index, name in
                    JSON.Member(key: name, value: json(statement.value(Int32(index))))
                }
                Output.line(JSON.object(members).text)
            } else {
                rows.append(names.indices.map { text(statement.value(Int32($0))) })
            }
        }
        if !arguments.has("json") { Output.table(names, rows) }
        return .ok
    }

    private static func json(_ value: SQLiteValue) -> JSON {
        switch value {
        case .null: .null
        case .integer(let number): .integer(number)
        case .real(let number): .number(number)
        case .text(let text): .string(text)
        case .blob(let bytes): .string(bytes.map { String($0, radix: 16) }.joined())
        }
    }

    private static func text(_ value: SQLiteValue) -> String {
        let json = json(value)
        return json.string ?? (json.isNull ? "" : json.text)
    }
}
