import FieldProtocols
import Gateway
import HTTPClient
import JSONText

extension Verb {
    static let importFile = Verb(
        name: "import", synopsis: "FILE …",
        summary: "Takes raw-data files of BME AI-Studio (.bmerawdata) into the running daemon.",
        details:
            "Durable when it returns; rows that are there already are not stored again. Of a file that was cut off at a "
            + "power loss all whole rows are taken, and the exit status is 0.",
        options: [.json] + Option.daemon, words: 1...10_000
    ) { arguments in
        let client = try DaemonClient(arguments)
        for path in arguments.words {
            let file: BMERawFile
            do {
                let bytes = try FileContents.read(path, byteCountMax: BMERawFile.byteCountMax)
                file = try bytes.withUnsafeBytes { try BMERawFile.read($0) }
            } catch let error as BMERawFile.Failure {
                throw ToolError.failed("\(path): \(error.code)")
            } catch {
                throw ToolError.failed("\(path): \(error)")
            }
            var sum = ImportSum(file)
            // In pieces: a file of a day has more bytes than one request may.
            for start in stride(from: 0, to: max(file.rows.count, 1), by: 2_000) {
                let piece = file.document(rows: start..<min(start + 2_000, file.rows.count))
                sum.add(try client.post("/api/v1/imports/bmerawdata", JSON(parsing: piece)))
            }
            Output.line(arguments.has("json") ? sum.json(path).text : sum.text(path))
        }
        return .ok
    }
}

/// What became of the pieces of a file.
private struct ImportSum {
    private let cutAt: Int?
    private let rows: Int
    private var device = ""
    private var stored: Int64 = 0
    private var duplicates: Int64 = 0
    private var unusable: Int64 = 0

    init(_ file: BMERawFile) {
        cutAt = file.cutAt
        rows = file.rows.count
    }

    mutating func add(_ receipt: JSON) {
        device = receipt["device"]?.string ?? device
        stored += receipt["stored"]?.int64 ?? 0
        duplicates += receipt["duplicates"]?.int64 ?? 0
        unusable += receipt["unusable"]?.int64 ?? 0
    }

    func json(_ path: String) -> JSON {
        [
            "file": .string(path), "device": .string(device), "rows": .integer(Int64(rows)), "stored": .integer(stored),
            "duplicates": .integer(duplicates), "unusable": .integer(unusable),
            "truncated_at": cutAt.map { .integer(Int64($0)) } ?? .null,
        ]
    }

    func text(_ path: String) -> String {
        var text = "\(path): \(rows) rows of \(device), \(stored) stored, \(duplicates) were there already"
        if unusable > 0 { text += ", \(unusable) without sensor or value" }
        if cutAt != nil { text += "; the file was cut off, all whole rows are taken" }
        return text
    }
}
