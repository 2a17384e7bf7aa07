import GatewayModel
import Journal

/// Reduces readings to one value for each metric and interval. Intervals begin at multiples of their length.
///
/// Readings come in the order of storing, which may differ from that of time; all are kept until `rows()` is asked for,
/// one small sum for each metric and interval.
struct Aggregation {
    private struct Key: Hashable {
        var start: Int64
        var metric: MetricName
    }

    private struct Sum {
        var count: Int64 = 0
        var total = 0.0
        var minimum = Double.infinity
        var maximum = -Double.infinity
        var first: (time: Int64, value: Double)
        var last: (time: Int64, value: Double)
        var row: ReadingRow
    }

    /// Intervals times metrics that one query may produce.
    static let countMax = 100_000

    private let every: Int64
    private let aggregate: ReadingsQuery.Aggregate
    private var sums: [Key: Sum] = [:]

    init(every: Int64, _ aggregate: ReadingsQuery.Aggregate) {
        self.every = every
        self.aggregate = aggregate
    }

    /// Takes a reading in; texts and values marked bad are left out. False if there are more intervals than allowed.
    mutating func add(_ row: ReadingRow) -> Bool {
        let value: Double
        switch row.reading.value {
        case .number(let number): value = number
        case .flag(let flag): value = flag ? 1 : 0
        case .text: return true
        }
        guard row.reading.quality != .bad else { return true }
        let time = row.time.milliseconds
        let remainder = time % every
        let key = Key(start: time - (remainder < 0 ? remainder + every : remainder), metric: row.reading.metric)
        var sum = sums[key] ?? Sum(first: (time, value), last: (time, value), row: row)
        sum.count += 1
        sum.total += value
        sum.minimum = min(sum.minimum, value)
        sum.maximum = max(sum.maximum, value)
        if time < sum.first.time { sum.first = (time, value) }
        if time >= sum.last.time { sum.last = (time, value) }
        sums[key] = sum
        return sums.count <= Self.countMax
    }

    /// Sums held.
    var count: Int { sums.count }

    /// By time, then metric; the time of a row is the start of its interval.
    func rows() -> [ReadingRow] {
        sums.sorted { ($0.key.start, $0.key.metric.text) < ($1.key.start, $1.key.metric.text) }.map { key, sum in
            var row = sum.row
            row.time.milliseconds = key.start
            row.reading.value = .number(value(of: sum))
            if aggregate == .count { row.reading.unit = .one }
            return row
        }
    }

    private func value(of sum: Sum) -> Double {
        switch aggregate {
        case .mean: sum.total / Double(sum.count)
        case .min: sum.minimum
        case .max: sum.maximum
        case .sum: sum.total
        case .count: Double(sum.count)
        case .first: sum.first.value
        case .last: sum.last.value
        }
    }
}
