public import GatewayModel

/// The statistics of a gateway as readings of its own device.
public enum GatewayReadings {
    /// Appends what is known to the observation being built. `damagedPackets`: those that came with a bad checksum.
    public static func append(
        _ statistics: GatewayStatistics, damagedPackets: Int? = nil, quality: Quality = .ok,
        to batch: inout ObservationBatch
    ) {
        let rows: [(MetricName, Double?, Unit)] = [
            (received, statistics.received, .one), (receivedGood, statistics.receivedGood, .one),
            (forwarded, statistics.forwarded, .one), (acknowledged, statistics.acknowledged, .percent),
            (downlinks, statistics.downlinks, .one), (transmitted, statistics.transmitted, .one),
            (damaged, damagedPackets.map { Double($0) }, .one), (temperature, statistics.temperature, .celsius),
            (PlaceReadings.latitude, statistics.latitude, PlaceReadings.degree),
            (PlaceReadings.longitude, statistics.longitude, PlaceReadings.degree),
            (PlaceReadings.altitude, statistics.altitude, PlaceReadings.metre),
        ]
        for (metric, value, unit) in rows {
            if let value { batch.append(Reading(metric, .number(value), unit: unit, quality: quality)) }
        }
    }

    private static let received = MetricName(known: "gateway.rx")
    private static let receivedGood = MetricName(known: "gateway.rx_ok")
    private static let forwarded = MetricName(known: "gateway.rx_forwarded")
    private static let acknowledged = MetricName(known: "gateway.acknowledged")
    private static let downlinks = MetricName(known: "gateway.downlinks")
    private static let transmitted = MetricName(known: "gateway.tx")
    private static let damaged = MetricName(known: "gateway.rx_damaged")
    private static let temperature = MetricName(known: "temperature")
}
