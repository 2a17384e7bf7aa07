import FieldProtocols
import GatewayModel

/// What `GET /api/v1/readings` is asked for.
struct ReadingsQuery: Equatable {
    enum Aggregate: String, CaseIterable {
        case mean, min, max, sum, count, first, last
    }

    enum Format: String, CaseIterable {
        case json, ndjson, csv
    }

    /// A parameter that cannot be used.
    struct Problem: Error, Equatable {
        var parameter: String
        var accepted: String
    }

    var device: DeviceID
    var metric: MetricName?
    /// Unix milliseconds, `from` inclusive and `to` exclusive.
    var from: Int64
    var to: Int64
    /// Length of an interval in milliseconds; nil for every reading by itself.
    var every: Int64?
    var aggregate: Aggregate
    var format: Format
    var limit: Int
    /// Skip what stands up to here: the cursor of the page before.
    var after: Int64

    static let limitMax = 100_000
    static let timeForm = "an RFC 3339 time, Unix milliseconds, or a time before now such as 1h"

    /// Reads the parameters; a name that is not one of these is the caller's business.
    init(_ parameter: (String) -> String?, now: Int64) throws(Problem) {
        guard let id = parameter("device").flatMap({ DeviceID($0) }) else {
            throw Problem(parameter: "device", accepted: "the id of a device")
        }
        device = id
        metric = try Self.read(parameter("metric"), "metric", "a metric name") { MetricName($0) }
        from = try Self.read(parameter("from"), "from", Self.timeForm) { Self.time($0, now: now) } ?? now - 3_600_000
        to = try Self.read(parameter("to"), "to", Self.timeForm) { Self.time($0, now: now) } ?? .max
        every = try Self.read(parameter("every"), "every", "a time such as 30s, 1m or 1h") { text in
            Self.span(text).flatMap { $0 > 0 ? $0 : nil }
        }
        let aggregates = Aggregate.allCases.map(\.rawValue).joined(separator: ", ")
        aggregate = try Self.read(parameter("agg"), "agg", aggregates) { Aggregate(rawValue: $0) } ?? .mean
        format = try Self.read(parameter("format"), "format", "json, ndjson, csv") { Format(rawValue: $0) } ?? .json
        limit =
            try Self.read(parameter("limit"), "limit", "1…\(Self.limitMax)") { text in
                Int(text).flatMap { (1...Self.limitMax).contains($0) ? $0 : nil }
            } ?? (format == .json ? 10_000 : .max)
        after = try Self.read(parameter("cursor"), "cursor", "the cursor of a page") { Int64($0) } ?? 0
        guard from < to else { throw Problem(parameter: "from", accepted: "a time before `to`") }
    }

    private static func read<Value>(
        _ text: String?, _ parameter: String, _ accepted: String, _ convert: (String) -> Value?
    ) throws(Problem) -> Value? {
        guard let text else { return nil }
        guard let value = convert(text) else { throw Problem(parameter: parameter, accepted: accepted) }
        return value
    }

    /// Unix milliseconds of a point in time, absolute or before `now`.
    static func time(_ text: String, now: Int64) -> Int64? {
        if let span = span(text) { return now - span }
        if let number = Int64(text) { return number }
        return RFC3339.milliseconds(of: text)
    }

    /// Milliseconds of `250ms`, `30s`, `5m`, `1h`, `7d`.
    static func span(_ text: String) -> Int64? {
        for (suffix, factor) in [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)]
            as [(String, Int64)]
        where text.hasSuffix(suffix) {
            guard let number = Int64(text.dropLast(suffix.count)), number >= 0 else { continue }
            let (product, overflow) = number.multipliedReportingOverflow(by: factor)
            return overflow ? nil : product
        }
        return nil
    }
}
