/// Reads the numbers that instruments print: whole and decimal, fast where they are short.
enum ChannelNumber {
    /// The number that `text` is from its first to its last byte; nil if it is none or not finite.
    ///
    /// - Parameter allowsPrefixes: `0x1F` and `'b101` as well (AS726x).
    static func value(_ text: UnsafeRawBufferPointer, allowsPrefixes: Bool = false) -> Double? {
        var position = 0
        var isNegative = false
        guard text.count > 0, text.count <= 32 else { return nil }
        if text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+") {
            isNegative = text[0] == UInt8(ascii: "-")
            position = 1
        }
        var mantissa: UInt64 = 0
        var digits = 0
        var decimals = 0
        var sawPoint = false
        while position < text.count {
            let byte = text[position]
            if byte &- UInt8(ascii: "0") < 10 {
                mantissa = mantissa &* 10 &+ UInt64(byte &- UInt8(ascii: "0"))
                digits += 1
                if sawPoint { decimals += 1 }
            } else if byte == UInt8(ascii: "."), !sawPoint {
                sawPoint = true
            } else {
                return unusual(text, allowsPrefixes)
            }
            position += 1
        }
        guard digits > 0 else { return nil }
        // Up to here mantissa and power of ten are exact as doubles, so one division rounds once.
        guard digits <= 15 else { return unusual(text, false) }
        let value = decimals == 0 ? Double(mantissa) : Double(mantissa) / powers[decimals]
        return isNegative ? -value : value
    }

    private static let powers: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    private static func unusual(_ text: UnsafeRawBufferPointer, _ allowsPrefixes: Bool) -> Double? {
        let string = String(decoding: text, as: UTF8.self)
        if allowsPrefixes {
            if string.hasPrefix("0x") || string.hasPrefix("0X") { return whole(string.dropFirst(2), radix: 16) }
            if string.hasPrefix("'b") || string.hasPrefix("'B") { return whole(string.dropFirst(2), radix: 2) }
        }
        // `inf`, `nan` and hexadecimal floats are numbers to Swift and to no instrument.
        let isDecimal = text.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                true
            default: false
            }
        }
        guard isDecimal, let value = Double(string), value.isFinite else { return nil }
        return value
    }

    private static func whole(_ digits: Substring, radix: Int) -> Double? {
        guard digits.first?.isHexDigit == true else { return nil }
        return UInt32(digits, radix: radix).map(Double.init)
    }
}
