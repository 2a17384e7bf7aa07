/// A number as devices print it.
enum NumberField {
    /// The number that the whole of `bytes` is, blanks around it apart: `-12.50`, `+3`, `1.2e-3`. Nil for anything else,
    /// `nan` and `inf` included.
    static func scan(_ bytes: UnsafeRawBufferPointer) -> FieldValue? {
        var at = 0
        var end = bytes.count
        while at < end, isBlank(bytes[at]) { at += 1 }
        while end > at, isBlank(bytes[end - 1]) { end -= 1 }
        let text = UnsafeRawBufferPointer(rebasing: bytes[at..<end])
        guard let value = ScalarText.number(text) else { return nil }
        return isShortWhole(text) ? .integer(Int64(value)) : .number(value)
    }

    /// A sign and 15 digits at most: exact in a double.
    private static func isShortWhole(_ text: UnsafeRawBufferPointer) -> Bool {
        let hasSign = text[0] == UInt8(ascii: "-") || text[0] == UInt8(ascii: "+")
        let digits = text.dropFirst(hasSign ? 1 : 0)
        return digits.count <= 15 && digits.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
