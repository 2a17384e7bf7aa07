/// A metric's value by its type.
enum SparkplugValue {
    case null
    case integer(Int64)
    case unsigned(UInt64)
    /// May be not finite.
    case number(Double)
    case flag(Bool)
    /// UTF-8, or what the device takes for it.
    case text(UnsafeRawBufferPointer)
    case array(SparkplugArray)
    /// Bytes, files, data sets, templates, and arrays that are none: with their name.
    case unsupported(String)
}

/// The field in which a value was sent, before its type is known: metrics of a node's data may leave the type to its birth.
enum SparkplugRaw {
    case absent
    case int(UInt32)
    case long(UInt64)
    case float(UInt32)
    case double(UInt64)
    case flag(Bool)
    case text(UnsafeRawBufferPointer)
    case bytes(UnsafeRawBufferPointer)
    case dataSet
    case template
    case other

    /// The value of this field, which a metric says is of `type`; nil: it does not say.
    ///
    /// Small signed integers travel as two's complement in the unsigned fields.
    func value(_ type: SparkplugType?) -> SparkplugValue {
        switch self {
        case .absent: return .null
        case .int(let bits): return Self.integer(UInt64(bits), type, isLong: false)
        case .long(let bits): return Self.integer(bits, type, isLong: true)
        case .float(let bits): return .number(FloatText.shortest(Float(bitPattern: bits)))
        case .double(let bits): return .number(Double(bitPattern: bits))
        case .flag(let flag): return .flag(flag)
        case .text(let text): return .text(text)
        case .bytes(let bytes):
            return SparkplugArray(bytes, type).map { .array($0) } ?? .unsupported(type?.name ?? "Bytes")
        case .dataSet: return .unsupported("DataSet")
        case .template: return .unsupported("Template")
        case .other: return .unsupported(type?.name ?? "Extension")
        }
    }

    private static func integer(_ bits: UInt64, _ type: SparkplugType?, isLong: Bool) -> SparkplugValue {
        switch type {
        case .int8: .integer(Int64(Int8(truncatingIfNeeded: bits)))
        case .int16: .integer(Int64(Int16(truncatingIfNeeded: bits)))
        case .int32: .integer(Int64(Int32(truncatingIfNeeded: bits)))
        case .int64: .integer(isLong ? Int64(bitPattern: bits) : Int64(Int32(truncatingIfNeeded: bits)))
        case .boolean: .flag(bits != 0)
        // Some encoders take the narrowest field.
        case .float, .double: .number(Double(bits))
        default: .unsigned(bits)
        }
    }
}

/// 32-bit floats as the decimals that people gave the device.
enum FloatText {
    private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6]

    /// The decimal of fewest places that is this float, as a double: 21.1 and not 21.10000038.
    static func shortest(_ value: Float) -> Double {
        let exact = Double(value)
        guard value.magnitude < 1e9, value.magnitude > 1e-4 else {
            return value == 0 || !value.isFinite ? exact : Double(value.description) ?? exact
        }
        for power in powers {
            let decimal = (exact * power).rounded() / power
            if Float(decimal) == value { return decimal }
        }
        return Double(value.description) ?? exact
    }
}
