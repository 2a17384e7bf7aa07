internal import GatewayModel

/// The analog inputs of a board: four in volts, and the soil sensor of `hyphae1`, whose raw count is all that is known
/// of it (field reference, sections 1.9 and 11).
enum AnalogFields {
    static let soilCount = FieldMetric(MetricName(known: "soil.moisture_raw"), unit: .one)

    /// A count of the 12-bit converter in volts (field reference, section 11). Nothing is lost: rounding 4095/3.3 times the
    /// volts gives the count again.
    static func volts(counts: Double) -> Double { counts * 3.3 / 4095 }

    /// `ai1`, `AI1`, `ai1_voltage` … `ai4`.
    static func metric(_ name: String) -> FieldMetric? {
        let name = name.lowercased()
        guard name.hasPrefix("ai"), let digit = name.dropFirst(2).first, let input = digit.wholeNumberValue,
            (1...4).contains(input)
        else { return nil }
        switch name.dropFirst(3) {
        case "": return FieldMetric(metrics[input - 1], unit: .volt, conversion: .analogCounts)
        case "_voltage", "_v", "_volts": return FieldMetric(metrics[input - 1], unit: .volt)
        default: return nil
        }
    }

    static let metrics = [
        MetricName(known: "analog.ai1"), MetricName(known: "analog.ai2"), MetricName(known: "analog.ai3"),
        MetricName(known: "analog.ai4"),
    ]
}
