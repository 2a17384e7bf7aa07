import JSONText

extension Verb {
    static let ports = Verb(
        name: "ports", synopsis: "[--json]", summary: "Lists the serial ports, their stable names and who has them.",
        options: [.json] + Option.daemon
    ) { arguments in
        let ports = try DaemonClient(arguments).get("/ports")["ports"]?.array ?? []
        if arguments.has("json") {
            for port in ports { Output.line(port.text) }
            return .ok
        }
        Output.table(
            ["port", "identity", "usb", "driver", "device", "state", "detail"],
            ports.map { port in
                ["path", "identity", "usb", "driver", "device_id", "state", "detail"].map { port[$0]?.string ?? "-" }
            })
        return .ok
    }
}
