import JSONText

extension Verb {
    static let status = Verb(
        name: "status", synopsis: "[--json]", summary: "Tells what the daemon is doing.",
        options: [.json] + Option.daemon
    ) { arguments in
        let status = try DaemonClient(arguments).get("/api/v1/status")
        if arguments.has("json") {
            Output.line(status.text)
        } else {
            StatusText.print(status)
        }
        return .ok
    }
}

/// The status for people.
enum StatusText {
    fileprivate static func print(_ status: JSON) {
        Output.line(
            "gateway \(text(status["gateway_id"])) version \(text(status["version"])), "
                + "up \(text(status["uptime_s"])) s, \(status["ready"]?.bool == true ? "ready" : "NOT READY")")
        let evidence = text(status["clock_evidence"])
        Output.line(
            "clock \(text(status["time"])), \(evidence == "none" ? "NOT BELIEVED" : "vouched for: \(evidence)")")
        for warning in status["warnings"]?.array ?? [] { Output.line("warning: \(text(warning))") }
        Output.line("")
        let streams = (status["streams"]?.members ?? []).map { stream in
            [stream.key, text(stream.value["first_seq"]), text(stream.value["last_seq"]), text(stream.value["bytes"])]
        }
        Output.table(["stream", "first", "last", "bytes"], streams)
        Output.line("")
        destinations(status)
        let intake = status["intake"]
        Output.line(
            "devices: \(text(status["devices"]?["online"])) online of \(text(status["devices"]?["total"])); "
                + "accepted \(text(intake?["accepted"])), duplicates \(text(intake?["duplicates"]))")
        for reject in intake?["rejected"]?.members ?? [] {
            Output.line("rejected: \(reject.key) \(text(reject.value))")
        }
        for loss in status["losses"]?.members ?? [] where loss.value.int != 0 {
            Output.line("LOST from \(loss.key): \(text(loss.value)) records")
        }
    }

    /// Each destination with its state and why it is in it; nothing if there are none.
    static func destinations(_ status: JSON) {
        let destinations = (status["destinations"]?.members ?? []).map { destination in
            [
                destination.key, text(destination.value["state"]), text(destination.value["lag"]),
                text(destination.value["last_ack"]), text(destination.value["reason"]),
            ]
        }
        guard !destinations.isEmpty else { return }
        Output.table(["destination", "state", "lag", "last ack", "reason"], destinations)
        Output.line("")
    }

    private static func text(_ value: JSON?) -> String {
        switch value {
        case nil, .null: "-"
        case .string(let text): text
        case .some(let value): value.text
        }
    }
}
