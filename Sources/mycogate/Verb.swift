/// One verb of the command line: what it is called, what it takes, what it does.
struct Verb: Sendable {
    struct Option: Sendable {
        /// Without the two dashes.
        var name: String
        /// What stands for the value in the help; nil for a switch.
        var value: String?
        var help: String

        static let json = Option(name: "json", value: nil, help: "print JSON")
        static let config = Option(
            name: "config", value: "FILE",
            help: "the configuration (default $MYCOGATE_CONFIG or /etc/mycogate/gateway.yaml)")
        static let dataDirectory = Option(
            name: "data-dir", value: "DIR", help: "the data folder (default $MYCOGATE_DATA_DIR or the configuration's)")
        /// A table for people, or what programs read.
        static let format = Option(name: "format", value: "F", help: "table, json or csv (default table)")
        /// What every verb that talks to the daemon takes.
        static let daemon = [config, dataDirectory]
    }

    var name: String
    /// What follows the verb on the command line.
    var synopsis: String
    var summary: String
    var details = ""
    var options: [Option]
    /// How many words without dashes it takes.
    var words: ClosedRange<Int> = 0...0
    var action: @Sendable (Arguments) async throws -> ExitStatus

    var help: String {
        let spelled = options.map { "--" + $0.name + ($0.value.map { " " + $0 } ?? "") } + ["--help"]
        let width = spelled.map(\.count).max() ?? 0
        let lines = zip(spelled, options.map(\.help) + ["print this"]).map { spelled, help in
            "  " + spelled + String(repeating: " ", count: width - spelled.count + 2) + help
        }
        let text = details.isEmpty ? "" : details + "\n\n"
        return
            "usage: mycogate \(name)\(synopsis.isEmpty ? "" : " " + synopsis)\n\n\(summary)\n\n\(text)\(lines.joined(separator: "\n"))\n"
    }
}

/// The exit statuses of the contract.
enum ExitStatus: Int32 {
    case ok = 0
    case failed = 1
    case findings = 2
    case usage = 64
    case unreachable = 69
    case configuration = 78
}

/// What ends a verb with a message.
enum ToolError: Error, CustomStringConvertible {
    case usage(String)
    case failed(String)
    case unreachable(String)
    case configuration(String)

    var status: ExitStatus {
        switch self {
        case .usage: .usage
        case .failed: .failed
        case .unreachable: .unreachable
        case .configuration: .configuration
        }
    }

    var description: String {
        switch self {
        case .usage(let text), .failed(let text), .unreachable(let text), .configuration(let text): text
        }
    }
}
