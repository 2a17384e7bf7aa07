/// How far a value can be believed (contract, "One record of the readings stream").
public enum Quality: UInt8, Sendable, CaseIterable {
    case ok = 0
    case warn = 1
    case bad = 2
    case stale = 3
    /// A retained or replayed value that describes an earlier moment than its arrival.
    case old = 4

    /// The public name, as records carry it.
    public var name: String {
        switch self {
        case .ok: "ok"
        case .warn: "warn"
        case .bad: "bad"
        case .stale: "stale"
        case .old: "old"
        }
    }
}

/// One value of one metric. Numbers are finite: codecs refuse NaN and infinities, or mark the reading `bad` and leave it out.
public struct Reading: Sendable, Equatable {
    /// A number, a switch, or text where the field sends words.
    public enum Value: Sendable, Equatable {
        case number(Double)
        case flag(Bool)
        case text(String)
    }

    /// What was measured, in which unit, how far it can be believed, and the value.
    public var metric: MetricName
    public var unit: Unit
    public var quality: Quality
    public var value: Value

    public init(_ metric: MetricName, _ value: Value, unit: Unit = .none, quality: Quality = .ok) {
        self.metric = metric
        self.unit = unit
        self.quality = quality
        self.value = value
    }
}
