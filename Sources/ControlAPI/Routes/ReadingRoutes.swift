import FieldProtocols
import GatewayModel
import HTTPServer
import Journal
import JSONText

extension ControlRoutes {
    var readingRoutes: [Route] {
        let text = { (name: String, summary: String) in Parameter<String?>.optionalText(name, summary) }
        let device = text("device", "The device; all devices if absent")
        let declarations = [
            text("metric", "One metric; all if absent"),
            text("from", "Not before: \(ReadingsQuery.timeForm); default 1h"),
            text("to", "Before: the same; default now"), text("every", "Length of an interval, such as 1m"),
            text("agg", "Of each interval: mean, min, max, sum, count, first, last; default mean"),
            text("format", "json, ndjson or csv; default json"),
            text("limit", "Readings at most; default 10000 with json, else all"),
            text("cursor", "The cursor of the page before (json, without every)"),
        ].map(\.declaration)
        return [
            Route(
                .get, "/api/v1/readings", scope: .readReadings, "The readings of a device in a time range",
                tag: "readings",
                parameters: [Parameter<String>.text("device", "The device").declaration] + declarations,
                answers: [
                    .init(200, "The readings"), .problem(404, "No such device"),
                    .problem(422, "`every` gives too many values"),
                    .problem(503, "Too many large answers with `every` are under way: again after `Retry-After`"),
                ]
            ) { request in try readings(request) },
            Route(
                .get, "/api/v1/readings/latest", scope: .readReadings, "The newest value of each metric",
                tag: "readings",
                parameters: [device.declaration], answers: [.init(200, "The values"), .problem(404, "No such device")]
            ) { request in
                let id: DeviceID? = if let text = request[device] { try self.device(text) } else { nil }
                return Self.json(["readings": try latest(id)])
            },
        ]
    }

    private func readings(_ request: RoutedRequest) throws -> HTTPResponse {
        let query = try readingsQuery { request.http.queryValue($0) }
        _ = try device(query.device.text)
        let text = RowText<ReadingRow>(
            query.format, "readings", { DeviceDocument.json($0) }, csvHead: CSVText.head, CSVText.line)
        if let every = query.every { return try aggregated(query, Aggregation(every: every, query.aggregate), text) }
        // Of one moment: what is stored while it is sent is not part of it.
        let end = sources.journal.status(of: .readings).lastSeq
        return try text.answer(limit: query.limit, after: query.after) { after, limit in
            try page(query, after: after, through: end, limit: limit)
        }
    }

    /// What a request for stored rows asks for; 400 if that cannot be understood.
    func readingsQuery(_ value: (String) -> String?) throws(Problem) -> ReadingsQuery {
        do throws(ReadingsQuery.Problem) {
            return try ReadingsQuery(value, now: now.wall.milliseconds)
        } catch {
            throw Problem(400, "invalid_parameter", "\(error.parameter) must be \(error.accepted)")
        }
    }

    /// The values of one message are not split: the page ends with the last message of which there was room for a value.
    private func page(
        _ query: ReadingsQuery, after: Int64, through end: SequenceNumber, limit: Int
    ) throws(JournalError) -> RowPage<ReadingRow> {
        var page = RowPage<ReadingRow>(last: after)
        try sources.journal.readings(
            device: query.device, metric: query.metric, from: query.from, to: query.to, after: SequenceNumber(after),
            through: end
        ) { row in
            page.more = page.rows.count >= limit && page.last != row.seq.rawValue
            guard !page.more else { return false }
            page.rows.append(row)
            page.last = row.seq.rawValue
            return true
        }
        return page
    }

    /// All values are found before the first is known, so that the answer has to be held until it is sent.
    private func aggregated(
        _ query: ReadingsQuery, _ empty: Aggregation, _ text: RowText<ReadingRow>
    ) throws -> HTTPResponse {
        var aggregation = empty
        var permit: BulkPermits.Permit?
        var isTooMuch = false
        var isBusy = false
        try sources.journal.readings(
            device: query.device, metric: query.metric, from: query.from, to: query.to,
            after: SequenceNumber(query.after)
        ) { row in
            isTooMuch = !aggregation.add(row)
            if permit == nil, aggregation.count > Self.smallCountMax {
                permit = bulk.take()
                isBusy = permit == nil
            }
            return !isTooMuch && !isBusy
        }
        guard !isBusy else {
            throw Problem(
                503, "busy",
                "other large answers are under way; ask again, for a shorter time or with a longer `every`",
                headers: ["Retry-After": "2"])
        }
        guard !isTooMuch else {
            throw Problem(
                422, "range_too_large",
                "more than \(Aggregation.countMax) values; ask for a shorter time or a longer `every`")
        }
        let rows = aggregation.rows()
        return try text.answer(limit: .max, after: 0) { [permit] index, limit in
            withExtendedLifetime(permit) {
                let end = min(rows.count, Int(index) + limit)
                return RowPage(rows: Array(rows[Int(index)..<end]), last: Int64(end), more: end < rows.count)
            }
        }
    }

    /// Values of an answer that counts as small: as many may be under way as there are connections.
    private static let smallCountMax = 4_000
}

/// Readings as comma-separated values (RFC 4180, with bare line feeds).
enum CSVText {
    static let head = "time,device,metric,value,unit,quality,seq\n"

    static func line(_ row: ReadingRow) -> String {
        [
            RFC3339.text(row.time.milliseconds), row.device.text, row.reading.metric.text, value(row.reading.value),
            row.reading.unit.code, row.reading.quality.name, row.seq.description,
        ].map(field).joined(separator: ",")
    }

    private static func value(_ value: Reading.Value) -> String {
        if case .text(let text) = value { text } else { JSON.value(value).text }
    }

    /// Quoted where needed; a text that a spreadsheet would take for a formula is kept from being one.
    private static func field(_ text: String) -> String {
        var text = text
        if let first = text.first, "=+@".contains(first), Double(text) == nil { text = "'" + text }
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}
