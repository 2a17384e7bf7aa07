import EventLoop
import FieldProtocols
import GatewayModel

/// What is known of one packet forwarder.
struct GatewayLedger {
    let device: DeviceName
    /// Where its latest PULL_DATA came from: the only way back, another than that of its PUSH_DATA.
    var downlinkPeer: DatagramPeer?
    var version: UInt8 = 2
    /// Bad checksums since its last statistics.
    var damagedPackets = 0
    var limit: RateLimit

    init(device: DeviceName, rateMax: Int) {
        self.device = device
        // In steps of ten milliseconds at least: a token bucket of whole milliseconds is coarse.
        let perTick = max(1, 1_000 / max(1, rateMax))
        limit = RateLimit(burst: max(1, rateMax) * 5, every: .milliseconds(perTick))
    }
}

/// The statistics of a forwarder as readings of its own device.
enum GatewayReadings {
    static func append(
        _ statistics: SemtechStatistics, damagedPackets: Int, to batch: inout ObservationBatch
    ) {
        let rows: [(MetricName, Double?, Unit)] = [
            (received, statistics.received, .one), (receivedGood, statistics.receivedGood, .one),
            (forwarded, statistics.forwarded, .one), (acknowledged, statistics.acknowledged, .percent),
            (downlinks, statistics.downlinks, .one), (transmitted, statistics.transmitted, .one),
            (damaged, Double(damagedPackets), .one), (temperature, statistics.temperature, .celsius),
            (latitude, statistics.latitude, degree), (longitude, statistics.longitude, degree),
            (altitude, statistics.altitude, metre),
        ]
        for (metric, value, unit) in rows {
            if let value { batch.append(Reading(metric, .number(value), unit: unit)) }
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
    private static let latitude = MetricName(known: "gps.latitude")
    private static let longitude = MetricName(known: "gps.longitude")
    private static let altitude = MetricName(known: "gps.altitude")
    private static let degree = Unit(known: "deg")
    private static let metre = Unit(known: "m")
}
