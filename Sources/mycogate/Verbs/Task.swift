import JSONText

extension Verb {
    static let task = Verb(
        name: "task", synopsis: "submit MESSAGE [key=value …] [--device ID]",
        summary: "Hands a task to the agents of the MAS; prints its id when it is durable.",
        details:
            "Values are read as JSON where they are JSON, else as text. The MAS is told the id as params.request_id.",
        options: [
            .init(name: "device", value: "ID", help: "the device it is about (default: the gateway)"),
            .init(name: "type", value: "TYPE", help: "chat (default), diagnostics, firmware_update or operator"),
            .init(name: "subject", value: "WHO", help: "on whose behalf"),
            .json,
        ] + Option.daemon, words: 2...64
    ) { arguments in
        guard arguments.words[0] == "submit" else {
            throw ToolError.usage("`\(arguments.words[0])`: accepted task submit MESSAGE")
        }
        var task: [JSON.Member] = [
            .init(key: "message", value: .string(arguments.words[1])),
            .init(key: "params", value: .object(try arguments.members(after: 2))),
        ]
        for (option, key) in [("device", "device"), ("type", "task_type"), ("subject", "user_subject")] {
            if let value = arguments[option] { task.append(.init(key: key, value: .string(value))) }
        }
        let answer = try DaemonClient(arguments).post("/api/v1/tasks", .object(task))
        Output.line(arguments.has("json") ? answer.text : answer["id"]?.string ?? "")
        return .ok
    }
}
