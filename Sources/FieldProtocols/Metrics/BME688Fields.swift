public import GatewayModel

/// The quantities of a BME688 or BME690 with BSEC2, and every name under which firmware and agents send them.
///
/// The one place for these names (field reference, section 2.6). Each firmware generation spells them differently, so a
/// name means a quantity only inside an object or line that is known to be of such a sensor.
public enum BME688Field: Int, Sendable, CaseIterable {
    case temperature, humidity, pressure, gasResistance
    case iaq, iaqAccuracy, staticIAQ
    case co2Equivalent, vocEquivalent
    case gasClass, gasProbability, gasPercentage
    case gas1, gas2, gas3, gas4
    case compensatedGas, rawGasIndex
    case stabilizationStatus, runInStatus
    case regression1, regression2, regression3, regression4

    /// The quantity that `name` stands for, upper or lower case; nil if it is none.
    public init?(_ name: String) {
        var name = name
        guard let field = name.withUTF8({ BME688Field(utf8: $0) }) else { return nil }
        self = field
    }

    /// As `init(_:)`, from bytes; allocates nothing.
    public init?(utf8 name: UnsafeBufferPointer<UInt8>) {
        guard let value = Self.lookup.value(of: name), let field = BME688Field(rawValue: value) else { return nil }
        self = field
    }

    /// The last part of the metric's name.
    public var name: String { Self.names[rawValue].first ?? "" }

    /// The unit of the canonical metric, whatever the alias says.
    public var unit: Unit {
        switch self {
        case .temperature: .celsius
        case .humidity, .gasPercentage: .percent
        case .pressure: .hectopascal
        case .gasResistance, .compensatedGas: .ohm
        case .co2Equivalent, .vocEquivalent: .partsPerMillion
        default: .one
        }
    }

    /// What the sensor can measure; values outside come from a driver that mistook a unit or a register.
    public var plausible: ClosedRange<Double> {
        switch self {
        case .temperature: -60...150
        case .humidity, .gasPercentage: 0...100
        case .pressure: 300...1100
        default: 0...Double.greatestFiniteMagnitude
        }
    }

    /// The field's reading; doubtful where firmware guesses (the unit of pressure by its magnitude; reference, section
    /// 1.9), bad where nothing was measured: no heater has a resistance of 0.
    func reading(_ slot: BME688Slot, _ value: Double) -> Reading {
        let quality: Quality =
            switch self {
            case .pressure: plausible.contains(value) ? .ok : .warn
            case .gasResistance: value > 0 ? .ok : .bad
            default: .ok
            }
        let (metric, unit) = Self.metrics[index(slot)]
        return Reading(metric, .number(value), unit: unit, quality: quality)
    }

    /// `bme688_a.temperature` …; precomputed.
    public func metric(_ slot: BME688Slot) -> MetricName { Self.metrics[index(slot)].metric }

    private func index(_ slot: BME688Slot) -> Int { slot.rawValue * (Self.regression4.rawValue + 1) + rawValue }

    /// By raw value: the canonical name first, then the aliases in lower case.
    private static let names: [[String]] = [
        ["temperature", "temp", "temp_c", "temperature_c", "temperature_c_comp", "ambient_temperature_c", "tc", "t"],
        ["humidity", "humidity_pct", "humidity_pct_comp", "humidity_percent", "rh", "rh_pct", "hum"],
        ["pressure", "pressure_hpa", "press_hpa", "p_hpa", "p"],
        ["gas_resistance", "gas_resistance_ohm", "gas_resistance_ohms", "gas_ohm", "gas"],
        ["iaq", "iaq_index"],
        ["iaq_accuracy", "acc"],
        ["static_iaq", "siaq"],
        ["co2_equivalent", "co2_eq_ppm", "eco2_ppm", "co2eq", "eco2"],
        ["voc_equivalent", "voc_eq_ppm", "bvoc_ppm", "bvoc", "voc"],
        ["gas_class"],
        ["gas_probability"],
        ["gas_percentage"],
        ["gas_1", "gas_estimate_1"], ["gas_2", "gas_estimate_2"], ["gas_3", "gas_estimate_3"],
        ["gas_4", "gas_estimate_4"],
        ["compensated_gas", "comp_gas"], ["raw_gas_index", "gas_index"],
        ["stabilization_status", "stab_status"], ["run_in_status", "runin_status"],
        ["regression_1", "regression_estimate_1"], ["regression_2", "regression_estimate_2"],
        ["regression_3", "regression_estimate_3"], ["regression_4", "regression_estimate_4"],
    ]

    private static let lookup = NameLookup(
        allCases.flatMap { field in names[field.rawValue].map { ($0, field.rawValue) } }, ignoringCase: true)

    /// By slot and field.
    private static let metrics: [(metric: MetricName, unit: Unit)] = BME688Slot.allCases.flatMap { slot in
        allCases.map { (MetricName(ownName: slot.prefix + "." + $0.name), $0.unit) }
    }
}
