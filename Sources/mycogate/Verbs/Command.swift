import JSONText

extension Verb {
    static let command = Verb(
        name: "command", synopsis: "ID NAME [key=value …] [--wait 10s]",
        summary: "Sends a command to a device and prints its state until it is answered.",
        details: "Values are read as JSON where they are JSON (numbers, true, false, null, {…}), else as text. "
            + "Exit status 1 if the command was refused or expired.",
        options: [
            .init(name: "wait", value: "TIME", help: "how long to wait for the answer (default 10s, 0s: not at all)"),
            .json,
        ] + Option.daemon, words: 2...64
    ) { arguments in
        let wait = try arguments.duration("wait") ?? .seconds(10)
        let params = try arguments.members(after: 2)
        let client = try DaemonClient(arguments)
        var command = try client.post(
            "/api/v1/devices/\(PercentText.encode(arguments.words[0]))/commands",
            ["name": .string(arguments.words[1]), "params": .object(params)])
        show(command, arguments)
        let id = PercentText.encode(command["id"]?.string ?? "")
        var left = wait
        while !isFinal(command), left > .zero {
            let slice = min(left, .seconds(25))
            let before = command["state"]
            command = try client.get("/api/v1/commands/\(id)", [("wait", String(max(1, slice.components.seconds)))])
            left -= slice
            if command["state"] != before { show(command, arguments) }
        }
        switch command["state"]?.string {
        case "refused", "expired": return .failed
        case "queued", "sent":
            guard wait > .zero else { return .ok }
            throw ToolError.failed("not answered yet; GET /api/v1/commands/\(id) tells when it is")
        default: return .ok
        }
    }

    private static func isFinal(_ command: JSON) -> Bool {
        ["acknowledged", "refused", "expired"].contains(command["state"]?.string ?? "")
    }

    private static func show(_ command: JSON, _ arguments: Arguments) {
        if arguments.has("json") {
            Output.line(command.text)
        } else {
            let result = command["result"]?.string.map { ": " + $0 } ?? ""
            Output.line("\(command["id"]?.string ?? "") \(command["state"]?.string ?? "")\(result)")
        }
        Output.flush()
    }
}
