/// Looks at the bytes of a line as ASCII text without making a string of it.
struct ByteText {
    let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Without spaces and tabs around it.
    var trimmed: ByteText {
        var lower = 0
        var upper = bytes.count
        while lower < upper, Self.isBlank(bytes[lower]) { lower += 1 }
        while upper > lower, Self.isBlank(bytes[upper - 1]) { upper -= 1 }
        return self[lower..<upper]
    }

    subscript(_ range: Range<Int>) -> ByteText { ByteText(UnsafeRawBufferPointer(rebasing: bytes[range])) }

    func hasPrefix(_ prefix: StaticString) -> Bool { matches(prefix, at: 0) }

    func contains(_ text: StaticString) -> Bool { firstIndex(of: text) != nil }

    /// Where `text` stands first.
    func firstIndex(of text: StaticString, from start: Int = 0) -> Int? {
        let last = bytes.count - text.utf8CodeUnitCount
        guard start <= last else { return nil }
        return (start...last).first { matches(text, at: $0) }
    }

    /// Whether this is `text` and nothing else.
    func isEqual(_ text: StaticString) -> Bool { bytes.count == text.utf8CodeUnitCount && matches(text, at: 0) }

    /// The number at the front, whatever follows it: `20.50C` is 20.5. Nil for `nan`, `N/A` and other words.
    var leadingNumber: Double? {
        var mantissa: UInt64 = 0
        var digits = 0
        var fraction = -1
        var isDecimal = true
        var count = 0
        loop: while count < bytes.count {
            let byte = bytes[count]
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                mantissa = mantissa &* 10 &+ UInt64(byte &- 0x30)
                digits += 1
                if fraction >= 0 { fraction += 1 }
            case UInt8(ascii: "."):
                isDecimal = isDecimal && fraction < 0
                fraction = 0
            case UInt8(ascii: "-"): isDecimal = isDecimal && count == 0
            default: break loop
            }
            count += 1
        }
        if isDecimal, (1...15).contains(digits) {
            // Exact, because both parts of the quotient are.
            let value = Double(mantissa) / Self.powersOfTen[max(fraction, 0)]
            return bytes[0] == UInt8(ascii: "-") ? -value : value
        }
        guard count > 0, let value = Double(self[0..<count].string), value.isFinite else { return nil }
        return value
    }

    private static let powersOfTen: [Double] = [
        1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ]

    private func matches(_ text: StaticString, at offset: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard offset + count <= bytes.count else { return false }
        for index in 0..<count where bytes[offset + index] != text.utf8Start[index] { return false }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
