/// Tells text from binary on a port where both stand side by side.
enum TextScan {
    /// Whether all bytes could be printed by a terminal: UTF-8 without control characters other than TAB, CR, LF, ESC.
    static func isText(_ bytes: UnsafeRawBufferPointer) -> Bool { textStart(bytes) == 0 }

    /// Where the last byte ends that is not text: everything from here on is. 0 if all of it is text.
    static func textStart(_ bytes: UnsafeRawBufferPointer) -> Int {
        var start = 0
        var offset = asciiCount(bytes)
        while offset < bytes.count {
            let length = characterLength(bytes, at: offset)
            offset += max(length, 1)
            if length == 0 { start = offset }
        }
        return start
    }

    /// How many bytes at the front are ASCII that prints, without ends of lines, TAB and ESC.
    static func asciiCount(_ bytes: UnsafeRawBufferPointer) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        guard var at = bytes.baseAddress else { return 0 }
        let end = at + bytes.count
        while end - at >= 8 {
            let word = at.loadUnaligned(as: UInt64.self)
            // A byte above 0x7F, below 0x20, or 0x7F sets one of the high bits; what it borrows or carries does not matter.
            let odd = word | (word &- ones &* 0x20) | (word &+ ones)
            if odd & highs != 0 { break }
            at += 8
        }
        while at < end, at.load(as: UInt8.self) &- 0x20 < 0x5F { at += 1 }
        return bytes.count - (end - at)
    }

    /// Bytes of the printable character at `offset`; 0 if there is none.
    @inline(__always)
    private static func characterLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let byte = bytes[offset]
        if byte < 0x80 { return isPrintable(byte) ? 1 : 0 }
        return multibyteLength(bytes, at: offset)
    }

    @inline(__always)
    static func isPrintable(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20..<0x7F, 0x09, 0x0A, 0x0D, 0x1B: true
        default: false
        }
    }

    /// As Unicode, table 3-7 (well-formed UTF-8), without the C1 controls.
    private static func multibyteLength(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let first = bytes[offset]
        let length: Int
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0...0xEF: length = 3
        case 0xF0...0xF4: length = 4
        default: return 0
        }
        guard offset + length <= bytes.count else { return 0 }
        let second = bytes[offset + 1]
        let lowest: UInt8
        switch first {
        case 0xC2, 0xE0: lowest = 0xA0
        case 0xF0: lowest = 0x90
        default: lowest = 0x80
        }
        let highest: UInt8 = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
        guard second >= lowest, second <= highest else { return 0 }
        for index in 2..<max(length, 2) where bytes[offset + index] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// Whether a line is worth reading in spite of some damaged or foreign bytes, such as a degree sign in Latin-1.
    static func isMostlyText(_ bytes: UnsafeRawBufferPointer) -> Bool {
        let printable = bytes.count { isPrintable($0) && !isEndOfLine($0) }
        return printable >= 8 && printable * 8 >= bytes.count * 7
    }

    /// The line without leading and trailing CR, LF.
    static func trimmed(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
        var lower = 0
        var upper = bytes.count
        while lower < upper, isEndOfLine(bytes[lower]) { lower += 1 }
        while upper > lower, isEndOfLine(bytes[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    @inline(__always)
    static func isEndOfLine(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
}
