/// Reads the numbers that instruments print: whole and decimal.
enum ChannelNumber {
    /// The number that `text` is from its first to its last byte; nil if it is none or not finite.
    ///
    /// - Parameter allowsPrefixes: `0x1F` and `'b101` as well (AS726x).
    static func value(_ text: UnsafeRawBufferPointer, allowsPrefixes: Bool = false) -> Double? {
        guard text.count <= 32 else { return nil }
        if let number = ScalarText.number(text) { return number }
        guard allowsPrefixes else { return nil }
        let string = String(decoding: text, as: UTF8.self)
        if string.hasPrefix("0x") || string.hasPrefix("0X") { return whole(string.dropFirst(2), radix: 16) }
        if string.hasPrefix("'b") || string.hasPrefix("'B") { return whole(string.dropFirst(2), radix: 2) }
        return nil
    }

    private static func whole(_ digits: Substring, radix: Int) -> Double? {
        guard digits.first?.isHexDigit == true else { return nil }
        return UInt32(digits, radix: radix).map(Double.init)
    }
}
