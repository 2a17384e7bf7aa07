public import GatewayModel

/// How one gateway heard a frame.
public struct Reception: Sendable, Equatable {
    /// The EUI of the gateway, or what the network server calls it.
    public var gateway: String
    public var rssi: Double?
    public var snr: Double?

    public init(gateway: String, rssi: Double?, snr: Double?) {
        self.gateway = gateway
        self.rssi = rssi
        self.snr = snr
    }

    /// Whether this gateway heard it better: the signal above the noise decides, then the signal.
    public func isBetter(than other: Reception) -> Bool {
        let ours = snr ?? -.infinity
        let theirs = other.snr ?? -.infinity
        return ours == theirs ? (rssi ?? -.infinity) > (other.rssi ?? -.infinity) : ours > theirs
    }

    /// What a LoRa receiver can hear at all.
    static let rssiPlausible: ClosedRange<Double> = -200...40
    static let snrPlausible: ClosedRange<Double> = -40...40
}

/// The quality of the signal, stored with each uplink: it tells of trees, rain and dying batteries.
public enum SignalReadings {
    /// Appends `lora.rssi`, `lora.snr`, `lora.frequency`, `lora.spreading_factor` as far as they are known, of the gateway
    /// that heard best; `lora.gateways` counts them, and `lora.receivers` names them if they are several.
    public static func append(
        _ receptions: [Reception], _ radio: RadioSetting, quality: Quality = .ok, to batch: inout ObservationBatch
    ) {
        if var best = receptions.first {
            for other in receptions.dropFirst() where other.isBetter(than: best) { best = other }
            if let value = best.rssi {
                number(rssi, value, .decibelMilliwatt, Reception.rssiPlausible, quality, &batch)
            }
            if let value = best.snr { number(snr, value, decibel, Reception.snrPlausible, quality, &batch) }
            if !best.gateway.isEmpty, best.gateway.utf8.count <= 64 {
                batch.append(Reading(gateway, .text(best.gateway), quality: quality))
            }
            batch.append(Reading(gateways, .number(Double(receptions.count)), unit: .one, quality: quality))
        }
        if receptions.count > 1 {
            let list = receptions.prefix(16).map { "\($0.gateway)/\(text($0.rssi))/\(text($0.snr))" }
            batch.append(Reading(receivers, .text(list.joined(separator: " ")), quality: quality))
        }
        if let value = radio.frequencyHertz {
            batch.append(Reading(frequency, .number(value), unit: hertz, quality: quality))
        }
        if let value = radio.spreadingFactor {
            batch.append(Reading(spreadingFactor, .number(Double(value)), unit: .one, quality: quality))
        }
    }

    private static func number(
        _ metric: MetricName, _ value: Double, _ unit: Unit, _ plausible: ClosedRange<Double>, _ quality: Quality,
        _ batch: inout ObservationBatch
    ) {
        batch.append(
            Reading(metric, .number(value), unit: unit, quality: plausible.contains(value) ? quality : .bad))
    }

    private static func text(_ value: Double?) -> String {
        guard let value else { return "-" }
        return Int(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    static let rssi = MetricName(known: "lora.rssi")
    static let snr = MetricName(known: "lora.snr")
    static let frequency = MetricName(known: "lora.frequency")
    static let spreadingFactor = MetricName(known: "lora.spreading_factor")
    static let gateway = MetricName(known: "lora.gateway")
    static let gateways = MetricName(known: "lora.gateways")
    static let receivers = MetricName(known: "lora.receivers")
    static let decibel = Unit(known: "dB")
    static let hertz = Unit(known: "Hz")
}
