/// One value as a device writes it, before scale and unit.
public enum FieldValue: Sendable, Equatable {
    case integer(Int64)
    case number(Double)
    case flag(Bool)
    case text(String)

    /// Nil for NaN and infinities.
    static func finite(_ value: Double) -> FieldValue? { value.isFinite ? .number(value) : nil }

    /// As a number, if it is one.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .flag(let value): value ? 1 : 0
        case .text: nil
        }
    }
}
