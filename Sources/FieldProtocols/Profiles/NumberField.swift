/// A number as devices print it.
enum NumberField {
    /// The number that the whole of `bytes` is, blanks around it apart: `-12.50`, `+3`, `1.2e-3`. Nil for anything else,
    /// `nan` and `inf` included.
    static func scan(_ bytes: UnsafeRawBufferPointer) -> FieldValue? {
        var at = 0
        var end = bytes.count
        while at < end, isBlank(bytes[at]) { at += 1 }
        while end > at, isBlank(bytes[end - 1]) { end -= 1 }
        guard at < end else { return nil }
        let start = at
        let isNegative = bytes[at] == UInt8(ascii: "-")
        if isNegative || bytes[at] == UInt8(ascii: "+") { at += 1 }
        var mantissa: Int64 = 0
        var digits = 0
        var places = 0
        var hasPoint = false
        while at < end {
            let byte = bytes[at]
            if byte == UInt8(ascii: "."), !hasPoint {
                hasPoint = true
            } else if byte >= 0x30, byte <= 0x39, digits < 15 {
                mantissa = mantissa * 10 + Int64(byte - 0x30)
                digits += 1
                if hasPoint { places += 1 }
            } else {
                return slow(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            }
            at += 1
        }
        guard digits > 0 else { return nil }
        let value = isNegative ? -mantissa : mantissa
        if !hasPoint { return .integer(value) }
        // Both are exact in a double, so the quotient is rounded once.
        return .number(Double(value) / powers[places])
    }

    private static let powers: [Double] = (0...15).reduce(into: []) { powers, _ in
        powers.append((powers.last ?? 0.1) * 10)
    }

    /// Longer numbers and those with an exponent.
    private static func slow(_ bytes: UnsafeRawBufferPointer) -> FieldValue? {
        let isNumber = bytes.allSatisfy {
            ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+")
                || $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E")
        }
        guard isNumber, bytes.count <= 64, let value = Double(String(decoding: bytes, as: UTF8.self)) else {
            return nil
        }
        return FieldValue.finite(value)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
