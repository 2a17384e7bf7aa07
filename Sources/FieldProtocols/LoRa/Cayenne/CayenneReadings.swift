public import GatewayModel

/// Makes readings of Cayenne LPP: `temperature.3` is the temperature of channel 3, `acceleration.6.x` a part.
public struct CayenneReadings {
    private let table: CayenneTable
    /// Metrics by type, channel and part: found out once.
    private var metrics: [UInt32: MetricName] = [:]
    /// A value that comes twice on one channel is no other metric; more than this many readings are no uplink.
    static let countMax = 128
    private static let metricCountMax = 4_096

    public init(table: CayenneTable = .standard) { self.table = table }

    /// Appends the readings to the observation being built. What comes before an error stays; the error is returned.
    public mutating func append(
        _ payload: UnsafeRawBufferPointer, quality: Quality = .ok, to batch: inout ObservationBatch
    ) -> LoRaError? {
        var reader = CayenneReader(payload, table: table)
        var count = 0
        while true {
            do throws(LoRaError) {
                guard let item = try reader.next() else { return nil }
                guard count < Self.countMax else { return LoRaError(.tooLarge) }
                count += append(item, quality, to: &batch)
            } catch {
                return error
            }
        }
    }

    private mutating func append(
        _ item: CayenneReader.Item, _ quality: Quality, to batch: inout ObservationBatch
    ) -> Int {
        guard let field = table.fields[Int(item.type)] else { return 0 }
        var count = 0
        for part in 0..<min(field.divisors.count, 4) {
            guard let metric = metric(item, field, part) else { continue }
            let unit = field.kind == "gps" ? (part == 2 ? Self.metre : Self.degree) : field.unit
            batch.append(Reading(metric, .number(item.parts[part]), unit: unit, quality: quality))
            count += 1
        }
        return count
    }

    private static let metre = Unit(known: "m")
    private static let degree = Unit(known: "deg")

    private mutating func metric(_ item: CayenneReader.Item, _ field: CayenneField, _ part: Int) -> MetricName? {
        let key = UInt32(item.type) << 16 | UInt32(item.channel) << 8 | UInt32(truncatingIfNeeded: part)
        if let known = metrics[key] { return known }
        let suffix = field.parts.isEmpty ? "" : "." + field.parts[part]
        guard let metric = MetricName("\(field.metric).\(item.channel)\(suffix)") else { return nil }
        if metrics.count < Self.metricCountMax { metrics[key] = metric }
        return metric
    }
}
