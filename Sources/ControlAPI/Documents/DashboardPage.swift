import JSONText

/// The page of `GET /`, made of the documents that programs get. It has no script; the browser loads it again by itself.
struct DashboardPage {
    /// Devices and losses shown at most; the interface tells the rest.
    static let rowsMax = 100
    private static let valuesMax = 40

    /// As `GET /api/v1/status` and `GET /api/v1/sync` give them.
    let status: JSON
    let sync: JSON
    /// As `GET /api/v1/devices` and `GET /api/v1/readings/latest` list them.
    let devices: [JSON]
    let latest: [JSON]

    /// A whole HTML document.
    var html: String {
        let gateway = Self.escaped(status["gateway_id"])
        return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <meta http-equiv="refresh" content="5">
            <meta name="viewport" content="width=device-width">
            <title>\(gateway) · Mycogate</title>
            <style>\(Self.style)</style>
            <h1>\(gateway) <small>\(Self.escaped(status["site"]))</small></h1>
            \(summary)
            \(destinationTable)
            \(streamTable)
            \(consumerTable)
            \(lossTable)
            \(deviceTable)
            </html>

            """
    }

    static let style = """
        body{font:15px/1.4 system-ui,sans-serif;margin:1.5rem;max-width:75rem;color:#222;background:#fff}
        h1{font-size:1.4rem}h2{font-size:1.05rem;margin:1.5rem 0 .3rem}small{font-weight:normal;color:#666}
        table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
        th{border-bottom:1px solid #999;font-weight:600}td{border-bottom:1px solid #e4e4e4}
        .n{font-variant-numeric:tabular-nums}td span{white-space:nowrap}.bad{color:#a40000;font-weight:600}.ok{color:#1a6b1a}
        @media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}td{border-color:#333}small{color:#999}
        .bad{color:#ff7b72}.ok{color:#7ee787}}
        """

    private var summary: String {
        let isReady = status["ready"]?.bool == true
        let evidence = status["clock_evidence"]?.string ?? "none"
        let troubles = (status["obstacles"]?.array ?? []) + (status["warnings"]?.array ?? [])
        let intake = status["intake"]
        let rejected = (intake?["rejected"]?.members ?? []).map { Self.escaped($0.key) + " " + Self.escaped($0.value) }
        return """
            <p><span class="\(isReady ? "ok" : "bad")">\(isReady ? "ready" : "NOT READY")</span>,
            version \(Self.escaped(status["version"])), up \(Self.escaped(status["uptime_s"])) s,
            clock \(Self.escaped(status["time"]))
            (\(evidence == "none" ? "<span class=bad>not believed</span>" : Self.escaped(evidence))),
            memory \(Self.size(status["memory_bytes"])), disk \(Self.size(status["disk"]?["free_bytes"])) free.
            Accepted \(Self.escaped(intake?["accepted"])), duplicates \(Self.escaped(intake?["duplicates"])),
            rejected \(rejected.isEmpty ? "none" : rejected.joined(separator: ", ")).
            \(troubles.map { "<p class=bad>\(Self.escaped($0))" }.joined(separator: "\n"))
            """
    }

    private var destinationTable: String {
        let rows = (status["destinations"]?.members ?? []).map { destination in
            let report = destination.value
            return [
                Self.cell(.string(destination.key)), Self.cell(report["kind"]),
                Self.cell(report["state"], report["state"] == "connected" ? "ok" : "bad"),
                Self.number(report["lag"]), Self.cell(report["last_ack"]), Self.number(report["sent"]),
                Self.number(report["refused"]), Self.cell(report["reason"]),
            ]
        }
        return Self.table(
            "Destinations", ["name", "kind", "state", "waiting", "last answer", "sent", "refused", "why"], rows)
    }

    private var streamTable: String {
        let rows = (status["streams"]?.members ?? []).map { stream in
            let value = stream.value
            return [
                Self.cell(.string(stream.key)), Self.number(value["first_seq"]), Self.number(value["last_seq"]),
                Self.cell(.string(Self.size(value["bytes"])), "n"), Self.alarm(status["losses"]?[stream.key]),
            ]
        }
        return Self.table("Streams", ["name", "first", "last", "size", "lost"], rows)
    }

    private var consumerTable: String {
        var rows: [[String]] = []
        for stream in sync["streams"]?.array ?? [] {
            for consumer in stream["consumers"]?.members ?? [] {
                let value = consumer.value
                rows.append([
                    Self.cell(stream["name"]), Self.cell(.string(consumer.key)), Self.number(value["acked"]),
                    Self.number(value["lag"]), Self.cell(value["last_ack"]),
                    value["required"]?.bool == true ? "<td>required" : "<td>",
                ])
            }
        }
        return Self.table("Who has what", ["stream", "name", "acknowledged", "waiting", "last", ""], rows)
    }

    private var lossTable: String {
        var losses: [(stream: JSON?, loss: JSON)] = []
        for stream in sync["streams"]?.array ?? [] {
            losses += (stream["losses"]?.array ?? []).map { (stream["name"], $0) }
        }
        let newest = losses.sorted { ($0.loss["at"]?.string ?? "") > ($1.loss["at"]?.string ?? "") }
        let rows = newest.prefix(Self.rowsMax).map { stream, loss in
            [
                Self.cell(loss["at"]), Self.cell(stream), Self.number(loss["from"]), Self.number(loss["to"]),
                Self.number(loss["count"]), Self.alarm(loss["needed"]), Self.cell(loss["reason"]),
            ]
        }
        return Self.table(
            "Gone", ["when", "stream", "from", "to", "records", "lost to a required consumer", "why"], rows)
    }

    private var deviceTable: String {
        let values = Dictionary(grouping: latest) { $0["device"]?.string ?? "" }
        let rows = devices.prefix(Self.rowsMax).map { device in
            let isOnline = device["online"]?.bool == true
            let known = values[device["id"]?.string ?? ""] ?? []
            var texts = known.prefix(Self.valuesMax).map { Self.reading($0) }
            if known.count > texts.count { texts.append("… \(known.count - texts.count) more") }
            return [
                Self.cell(device["id"]), Self.cell(.string(isOnline ? "online" : "offline"), isOnline ? "ok" : "bad"),
                Self.cell(device["source"]), Self.cell(device["last_seen"]), "<td>" + texts.joined(separator: " · "),
            ]
        }
        let title = devices.count > rows.count ? "Devices (\(rows.count) of \(devices.count))" : "Devices"
        return Self.table(title, ["id", "state", "source", "last seen", "latest values"], rows)
    }

    private static func reading(_ row: JSON) -> String {
        let quality = row["q"]?.string ?? "ok"
        let unit = row["u"]?.string.map { $0 == "1" ? "" : " " + escaped($0) } ?? ""
        let mark = quality == "ok" ? "" : " <b class=bad>\(escaped(quality))</b>"
        return "<span>\(escaped(row["metric"])) <b>\(escaped(row["v"]))</b>\(unit)\(mark)</span>"
    }

    /// Nothing for a table without rows.
    private static func table(_ title: String, _ heads: [String], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let head = heads.map { "<th>\($0)" }.joined()
        let body = rows.map { "<tr>" + $0.joined() }.joined(separator: "\n")
        return "<h2>\(title)</h2>\n<table>\n<tr>\(head)\n\(body)\n</table>"
    }

    /// A number that should be 0.
    private static func alarm(_ value: JSON?) -> String { cell(value, (value?.int ?? 0) == 0 ? "n" : "n bad") }

    private static func number(_ value: JSON?) -> String { cell(value, "n") }

    private static func cell(_ value: JSON?, _ style: String = "") -> String {
        style.isEmpty ? "<td>\(escaped(value))" : "<td class=\"\(style)\">\(escaped(value))"
    }

    private static func size(_ value: JSON?) -> String {
        guard let bytes = value?.int else { return "–" }
        return bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
    }

    private static func escaped(_ value: JSON?) -> String {
        switch value {
        case nil, .null: "–"
        case .string(let text): escaped(text)
        case .some(let value): escaped(value.text)
        }
    }

    /// What devices and peers call themselves stays text.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
