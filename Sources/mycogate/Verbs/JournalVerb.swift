import Gateway
import GatewayModel
import JSONText
import Journal

extension Verb {
    static let journal = Verb(
        name: "journal", synopsis: "verify | salvage [--json]", summary: "Checks the store on disk, and repairs it.",
        details: """
            verify reads everything, the daemon may run meanwhile; exit status 2 if anything is damaged or missing.
            salvage needs the daemon stopped: what can be read of damaged files goes into sound ones, the damaged files
            to damaged/ in the data folder, what is lost into the losses that pullers are told of.
            """,
        options: [.json] + Option.daemon, words: 1...1
    ) { arguments in
        let dataDirectory = Locations(arguments).dataDirectory
        switch arguments.words[0] {
        case "verify": return try verify(dataDirectory, asJSON: arguments.has("json"))
        case "salvage": return try salvage(dataDirectory, asJSON: arguments.has("json"))
        default: throw ToolError.usage("usage: mycogate journal verify | salvage")
        }
    }

    private static func verify(_ dataDirectory: String, asJSON: Bool) throws -> ExitStatus {
        guard StoreSalvage.isPossible(in: dataDirectory) else {
            throw ToolError.failed("there is no store in \(dataDirectory)")
        }
        let check = JournalCheck(dataDirectory: dataDirectory)
        if asJSON {
            let result: JSON = [
                "segments": .integer(Int64(check.segments)), "records": .integer(check.records),
                "bytes": .integer(check.bytes), "findings": .array(check.findings.map { JSON.string($0) }),
            ]
            Output.line(result.text)
        } else {
            for finding in check.findings { Output.line(finding) }
            Output.line(
                "\(check.records) records in \(check.segments) segments, \(check.bytes) bytes: "
                    + (check.findings.isEmpty ? "all sound" : "\(check.findings.count) findings"))
        }
        return check.findings.isEmpty ? .ok : .findings
    }

    private static func salvage(_ dataDirectory: String, asJSON: Bool) throws -> ExitStatus {
        guard StoreSalvage.isPossible(in: dataDirectory) else {
            throw ToolError.failed("there is no store in \(dataDirectory)")
        }
        let (state, segments) = try StoreSalvage.run(dataDirectory: dataDirectory)
        if asJSON {
            let repaired = segments.map { segment in
                [
                    "stream": .string(segment.stream.rawValue), "first_seq": .integer(segment.first.rawValue),
                    "kept": .integer(segment.kept), "lost": .integer(segment.lost), "reason": .string(segment.reason),
                    "moved_to": .string(segment.path),
                ] as JSON
            }
            let result: JSON = ["state": state.map { JSON.string($0) } ?? JSON.null, "repaired": .array(repaired)]
            Output.line(result.text)
            return .ok
        }
        if let state { Output.line("state.db: \(state)") }
        for segment in segments {
            Output.line(
                "\(segment.stream.rawValue)/\(segment.first): \(segment.kept) records saved, \(segment.lost) lost "
                    + "(\(segment.reason)); the damaged file is now \(segment.path)")
        }
        if state == nil, segments.isEmpty { Output.line("nothing is damaged") }
        return .ok
    }
}
