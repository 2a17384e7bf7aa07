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

    /// The text after `key` up to the next blank or the end; nil if `key` does not stand at a word's beginning.
    func word(after key: StaticString) -> ByteText? {
        var start = 0
        while let found = firstIndex(of: key, from: start) {
            let valueStart = found + key.utf8CodeUnitCount
            if found == 0 || Self.isBlank(bytes[found - 1]) {
                let end = bytes[valueStart...].firstIndex(where: Self.isBlank) ?? bytes.count
                return self[valueStart..<end]
            }
            start = found + 1
        }
        return nil
    }

    /// The number at the front, whatever follows it: `20.50C` is 20.5. Nil for `nan`, `N/A` and other words.
    var leadingNumber: Double? {
        let count = bytes.prefix { ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2E || $0 == 0x2D }.count
        guard count > 0, let value = Double(self[0..<count].string), value.isFinite else { return nil }
        return value
    }

    private func matches(_ text: StaticString, at offset: Int) -> Bool {
        let count = text.utf8CodeUnitCount
        guard offset + count <= bytes.count else { return false }
        for index in 0..<count where bytes[offset + index] != text.utf8Start[index] { return false }
        return true
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
