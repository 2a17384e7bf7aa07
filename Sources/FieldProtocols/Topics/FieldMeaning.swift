internal import GatewayModel

/// What a member of a telemetry object stands for.
enum FieldMeaning {
    case metric(FieldMetric)
    /// An object whose members are named under another context.
    case group(UInt16)
    /// Something about the message, not a value of it.
    case fact(MessageFact)
    /// An array of `{id, v, u, q}`.
    case pack
    /// The channels of an AS7341.
    case spectrum
    /// Where the device is.
    case place
    /// Known, and nothing to store.
    case ignored
    /// Cannot be named: too deep, too long or no name at all.
    case unnamed
    /// Cannot be named because the tables are full.
    case tooManyNames
}

/// Facts of a message that stand beside its values.
enum MessageFact {
    case seq, messageID, time, timeObject, uptimeSeconds, uptimeMilliseconds, monotonicMilliseconds
}

/// A metric, its unit and how to get the value from what is written.
struct FieldMetric {
    enum Conversion {
        case none
        /// Integers are counts of a 12-bit converter at 3.3 V, other numbers are volts.
        case analogCounts
        case milliseconds
    }

    var metric: MetricName
    var unit: Unit
    var conversion: Conversion
    /// Values outside are marked bad: the sensor cannot have measured them.
    var plausible: ClosedRange<Double>

    static let anything = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

    init(
        _ metric: MetricName, unit: Unit, conversion: Conversion = .none,
        plausible: ClosedRange<Double> = FieldMetric.anything
    ) {
        self.metric = metric
        self.unit = unit
        self.conversion = conversion
        self.plausible = plausible
    }
}
