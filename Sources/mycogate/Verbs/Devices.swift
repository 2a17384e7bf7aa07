import JSONText

extension Verb {
    static let devices = Verb(
        name: "devices", synopsis: "[--json]", summary: "Lists the devices of the site.",
        options: [.json] + Option.daemon
    ) { arguments in
        let client = try DaemonClient(arguments)
        var devices: [JSON] = []
        var cursor: String?
        repeat {
            let page = try client.get("/api/v1/devices", [("cursor", cursor)])
            devices += page["devices"]?.array ?? []
            cursor = page["cursor"]?.string
        } while cursor != nil
        if arguments.has("json") {
            for device in devices { Output.line(device.text) }
            return .ok
        }
        Output.table(
            ["device", "online", "source", "role", "firmware", "last seen"],
            devices.map { device in
                ["id", "online", "source", "role", "firmware", "last_seen"].map { key in
                    guard let value = device[key], !value.isNull else { return "-" }
                    return value.string ?? value.text
                }
            })
        return .ok
    }

    static let device = Verb(
        name: "device", synopsis: "ID [--json]", summary: "Tells all that is known of one device.",
        options: [.json] + Option.daemon, words: 1...1
    ) { arguments in
        let path = "/api/v1/devices/" + PercentText.encode(arguments.words[0])
        let device = try DaemonClient(arguments).get(path)
        if arguments.has("json") {
            Output.line(device.text)
            return .ok
        }
        for member in device.members ?? [] where member.key != "latest" && !member.value.isNull {
            Output.line(Output.printable("\(member.key): \(member.value.string ?? member.value.text)"))
        }
        let latest = device["latest"]?.array ?? []
        if !latest.isEmpty {
            Output.line("")
            Output.table(
                ["metric", "value", "unit", "quality", "time"],
                latest.map { reading in
                    ["metric", "v", "u", "q", "time"].map { reading[$0]?.string ?? reading[$0]?.text ?? "-" }
                })
        }
        return .ok
    }
}
