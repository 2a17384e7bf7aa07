import JSONText

extension Verb {
    static let calibrate = Verb(
        name: "calibrate", synopsis: "ID [METRIC=OFFSET] [--json]",
        summary: "Shows what is added to the values of a device, or sets it for one metric.",
        details:
            "OFFSET is in the metric's unit; 0 removes it. A metric that the device does not send is refused. Who set it and "
            + "when is kept, and entered in the audit.",
        options: [.json] + Option.daemon, words: 1...2
    ) { arguments in
        let client = try DaemonClient(arguments)
        let path = "/api/v1/devices/\(PercentText.encode(arguments.words[0]))/calibrations"
        if arguments.words.count == 2 {
            let parts = arguments.words[1].split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let offset = Double(parts[1]), offset.isFinite else {
                throw ToolError.usage("`\(arguments.words[1])`: accepted METRIC=OFFSET, such as temperature=-0.5")
            }
            let set = try client.post(path, ["metric": .string(parts[0]), "offset": .number(offset)])
            Output.line(arguments.has("json") ? set.text : "\(arguments.words[0]) \(parts[0]) \(offset)")
            if let warning = set["warning"]?.string { Output.error("mycogate calibrate: \(warning)\n") }
            return .ok
        }
        let list = try client.get(path)["calibrations"]?.array ?? []
        if arguments.has("json") {
            for entry in list { Output.line(entry.text) }
            return .ok
        }
        Output.table(
            ["metric", "offset", "set by", "at"],
            list.map { entry in
                [
                    entry["metric"]?.string ?? "", entry["offset"]?.text ?? "", entry["set_by"]?.string ?? "",
                    entry["set_at"]?.string ?? "-",
                ]
            })
        return .ok
    }
}
