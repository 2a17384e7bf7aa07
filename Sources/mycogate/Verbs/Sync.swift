import HTTPClient
import JSONText

extension Verb {
    static let sync = Verb(
        name: "sync", synopsis: "[flush [DEST] | export STREAM [--after N] | refused | resend ID] [--json]",
        summary: "Shows who has received what, sends now, or exports a stream.",
        details: """
            without a word   destinations and why they wait, streams, consumers, their cursors and lag
            flush [DEST]     try the destination (or all) again now instead of at the next retry
            export STREAM    print the records of a stream as JSON lines, gaps included
            refused          records that a destination condemned, with the reason
            resend ID        send a condemned record again
            """,
        options: [
            .init(name: "after", value: "N", help: "export records after this sequence number (default 0)"), .json,
        ]
            + Option.daemon, words: 0...2
    ) { arguments in
        let client = try DaemonClient(arguments, timeout: .seconds(600))
        let words = arguments.words
        switch (words.first, words.count) {
        case (nil, _): return try show(client, arguments)
        case ("flush", _):
            Output.line(try client.post("/flush", words.count == 2 ? ["destination": .string(words[1])] : [:]).text)
        case ("export", 2): try export(client, words[1], arguments)
        case ("refused", 1):
            for record in try client.get("/api/v1/sync/refused")["refused"]?.array ?? [] { Output.line(record.text) }
        case ("resend", 2):
            Output.line(try client.post("/api/v1/sync/refused/\(PercentText.encode(words[1]))/resend", [:]).text)
        default:
            throw ToolError.usage(
                "usage: mycogate sync [flush [DEST] | export STREAM [--after N] | refused | resend ID]")
        }
        return .ok
    }

    private static func show(_ client: DaemonClient, _ arguments: Arguments) throws -> ExitStatus {
        let sync = try client.get("/api/v1/sync")
        if arguments.has("json") {
            Output.line(sync.text)
            return .ok
        }
        Output.line("epoch \(sync["epoch"]?.string ?? "")")
        StatusText.destinations(try client.get("/api/v1/status"))
        var rows: [[String]] = []
        for stream in sync["streams"]?.array ?? [] {
            let name = stream["name"]?.string ?? ""
            let range = "\(stream["first_seq"]?.text ?? "")…\(stream["last_seq"]?.text ?? "")"
            rows.append([name, range, "", "", ""])
            for consumer in stream["consumers"]?.members ?? [] {
                let required = consumer.value["required"]?.bool == true ? "required" : ""
                rows.append([
                    "", "", consumer.key, consumer.value["acked"]?.text ?? "", consumer.value["lag"]?.text ?? "",
                ])
                rows[rows.count - 1][4] += required.isEmpty ? "" : "  " + required
            }
        }
        Output.table(["stream", "records", "consumer", "acked", "lag"], rows)
        for stream in sync["streams"]?.array ?? [] {
            for loss in stream["losses"]?.array ?? [] { Output.line(text(loss, of: stream["name"]?.string ?? "")) }
        }
        return .ok
    }

    private static func text(_ loss: JSON, of stream: String) -> String {
        let needed = loss["needed"]?.int ?? 0
        return "gone from \(stream): \(loss["from"]?.text ?? "")…\(loss["to"]?.text ?? ""), "
            + "\(loss["count"]?.text ?? "") records, \(loss["reason"]?.string ?? "")"
            + (needed > 0 ? ", \(needed) of them LOST to a required consumer" : "")
    }

    private static func export(_ client: DaemonClient, _ stream: String, _ arguments: Arguments) throws {
        var after = Int64(try arguments.integer("after", in: 0...Int.max) ?? 0)
        while true {
            let page = try client.page(
                "/api/v1/sync/\(PercentText.encode(stream))", [("after", String(after)), ("limit", "10000")])
            Output.write(page.body)
            after = page.header("Mycogate-Next").flatMap { Int64($0) } ?? after
            if page.header("Mycogate-More") != "true" { return }
        }
    }
}
