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
                    .init(200, "The readings"), .problem(404, "No such device"), .problem(422, "Too many values"),
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
        let query: ReadingsQuery
        do throws(ReadingsQuery.Problem) {
            query = try ReadingsQuery({ request.http.queryValue($0) }, now: now.wall.milliseconds)
        } catch {
            throw Problem(400, "invalid_parameter", "\(error.parameter) must be \(error.accepted)")
        }
        _ = try device(query.device.text)
        return switch query.format {
        case .json: Self.json(try page(query))
        case .ndjson:
            Self.lines(try rows(query), contentType: "application/x-ndjson", head: "") { DeviceDocument.json($0).text }
        case .csv: Self.lines(try rows(query), contentType: "text/csv; charset=utf-8", head: CSVText.head, CSVText.line)
        }
    }

    private func page(_ query: ReadingsQuery) throws -> JSON {
        let (rows, isCut) = try found(query)
        let cursor: JSON = isCut ? .optional(rows.last?.seq.description) : .null
        return ["readings": .array(rows.map { DeviceDocument.json($0) }), "cursor": cursor]
    }

    private func rows(_ query: ReadingsQuery) throws -> [ReadingRow] { try found(query).rows }

    /// The values, and whether there are more behind the limit. The values of one message are not split by it: the
    /// cursor is the sequence of the last message shown.
    private func found(_ query: ReadingsQuery) throws -> (rows: [ReadingRow], isCut: Bool) {
        var isCut = false
        var aggregation = query.every.map { Aggregation(every: $0, query.aggregate) }
        var rows: [ReadingRow] = []
        var isTooMuch = false
        try sources.journal.readings(device: query.device, metric: query.metric, from: query.from, to: query.to) {
            row in
            guard row.seq.rawValue > query.after else { return true }
            if aggregation != nil {
                isTooMuch = aggregation?.add(row) == false
                return !isTooMuch
            }
            isCut = rows.count >= query.limit && rows.last?.seq != row.seq
            guard !isCut else { return false }
            rows.append(row)
            isTooMuch = query.format != .json && rows.count > Self.rowCountMax
            return !isTooMuch
        }
        guard !isTooMuch else {
            throw Problem(
                422, "range_too_large", "more than \(Self.rowCountMax) values; ask for a shorter time or longer `every`"
            )
        }
        return (aggregation?.rows() ?? rows, isCut)
    }

    /// Values that one answer may hold: they are rendered while they are sent, but found before.
    private static let rowCountMax = 500_000
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
