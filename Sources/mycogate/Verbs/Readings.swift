import Glibc
import HTTPClient
import JSONText

extension Verb {
    static let readings = Verb(
        name: "readings",
        synopsis: "--device ID [--metric M] [--since 1h] [--until …] [--every 1m] [--format table|json|csv]",
        summary: "Prints the readings of a device.",
        details:
            "--since and --until take a time before now (1h) or an RFC 3339 time. --every gives the mean of each interval.",
        options: [
            .init(name: "device", value: "ID", help: "the device"),
            .init(name: "metric", value: "M", help: "one metric, such as bme688_a.temperature"),
            .init(name: "since", value: "TIME", help: "from then on (default 1h)"),
            .init(name: "until", value: "TIME", help: "until then (default now)"),
            .init(name: "every", value: "TIME", help: "the mean of each interval, such as 1m"),
            .format, .json,
        ] + Option.daemon
    ) { arguments in
        guard let device = arguments["device"] else { throw ToolError.usage("--device is missing") }
        let format = try arguments.format()
        let query: [(String, String?)] = [
            ("device", device), ("metric", arguments["metric"]), ("from", arguments["since"] ?? "1h"),
            ("to", arguments["until"]), ("every", arguments["every"]),
        ]
        try DaemonClient(arguments).show(
            "/api/v1/readings", query, as: format, columns: ["time", "metric", "value", "unit", "quality"]
        ) { reading in
            ["time", "metric", "v", "u", "q"].map { reading[$0]?.string ?? reading[$0]?.text ?? "" }
        }
        return .ok
    }

    static let tail = Verb(
        name: "tail", synopsis: "[--device ID] [--metric M] [--json]",
        summary: "Prints readings as they are stored, until interrupted.",
        options: [
            .init(name: "device", value: "ID", help: "only this device"),
            .init(name: "metric", value: "M", help: "only this metric"),
            .init(name: "after", value: "SEQ", help: "start after this sequence number (default: now)"),
            .json,
        ] + Option.daemon
    ) { arguments in
        var after = try arguments.integer("after", in: 0...Int.max).map { Int64($0) }
        let client = try DaemonClient(arguments)
        if after == nil {
            let streams = try client.get("/api/v1/sync")["streams"]?.array ?? []
            after = streams.first { $0["name"]?.string == "readings" }?["last_seq"]?.int64
        }
        var next = after ?? 0
        while true {
            let page = try client.page(
                "/api/v1/sync/readings", [("after", String(next)), ("limit", "1000"), ("wait", "25")])
            for line in page.body.split(separator: 0x0A) { try TailLine.print(Array(line), arguments) }
            Output.flush()
            next = page.header("Mycogate-Next").flatMap { Int64($0) } ?? next
        }
    }
}

/// One record of `tail`.
private enum TailLine {
    static func print(_ line: [UInt8], _ arguments: Arguments) throws {
        let record = try JSON(parsing: line)
        // A loss is told whatever is looked for: it may have been that.
        if let gap = record["gap"] {
            return arguments.has("json") ? Output.write(line + [0x0A]) : Output.line("gap \(gap.text)")
        }
        if let device = arguments["device"], record["device"]?.string != device { return }
        var readings = record["readings"]?.array ?? []
        if let metric = arguments["metric"] {
            readings = readings.filter { $0["id"]?.string == metric }
            if readings.isEmpty { return }
        }
        if arguments.has("json") {
            Output.write(line + [0x0A])
            return
        }
        let values = readings.map { reading in
            let unit = reading["u"]?.string ?? ""
            return "\(reading["id"]?.string ?? "")=\(reading["v"]?.text ?? "")\(unit.isEmpty ? "" : " " + unit)"
        }
        Output.line(
            Output.printable(
                "\(record["seq"]?.text ?? "") \(record["time"]?.string ?? "-") \(record["device"]?.string ?? "") "
                    + values.joined(separator: "  ")))
    }
}
