/// Replaces the numbers that JSON does not have (`nan`, `inf`, `ovf` and their spellings) by `null`.
///
/// Firmware and Python print them in value position (field reference, section 2.5). The record is flagged `repaired`.
public enum NonFiniteRepair {
    /// Longer spellings first.
    private static let tokens = ["infinity", "nan", "inf", "ovf"].map { Array($0.utf8) }

    /// The mended text; nil if there is no such token. Strings are left alone.
    public static func repaired(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var mended: [UInt8] = []
        var copied = 0
        var index = 0
        var expectsValue = true
        while index < text.count {
            let byte = text[index]
            switch byte {
            case UInt8(ascii: "\""):
                index = endOfString(text, from: index)
                expectsValue = false
            case UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "["):
                expectsValue = true
                index += 1
            case 0x20, 0x09, 0x0A, 0x0D:
                index += 1
            default:
                if expectsValue, let end = endOfToken(text, from: index) {
                    mended.append(contentsOf: text[copied..<index])
                    mended.append(contentsOf: "null".utf8)
                    copied = end
                    index = end
                } else {
                    index += 1
                }
                expectsValue = false
            }
        }
        guard copied > 0 else { return nil }
        mended.append(contentsOf: text[copied...])
        return mended
    }

    /// As above, from an array.
    public static func repaired(_ text: [UInt8]) -> [UInt8]? { text.withUnsafeBytes { repaired($0) } }

    private static func endOfString(_ text: UnsafeRawBufferPointer, from quote: Int) -> Int {
        var index = quote + 1
        while index < text.count, text[index] != UInt8(ascii: "\"") {
            index += text[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, text.count)
    }

    private static func endOfToken(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
        var index = start
        if text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") { index += 1 }
        for token in tokens where index + token.count <= text.count {
            let end = index + token.count
            guard zip(text[index..<end], token).allSatisfy({ $0 | 0x20 == $1 }) else { continue }
            if end == text.count || !isWord(text[end]) { return end }
        }
        return nil
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
