/// Closes what a text that was cut off at a power loss left open, so that its complete part can be read.
enum TruncatedJSON {
    /// Deeper texts are not mended.
    private static let depthMax = 16

    /// The text up to the last bracket that was closed, with the brackets around it closed; nil if none was, or nothing is
    /// left open.
    ///
    /// - Returns: the text, and how many bytes of the input it keeps.
    static func closed(_ bytes: UnsafeRawBufferPointer) -> (text: [UInt8], kept: Int)? {
        var open: [UInt8] = []
        var kept = 0
        var openAtKept: [UInt8] = []
        var isInString = false
        var isEscaped = false
        scan: for position in 0..<bytes.count {
            let byte = bytes[position]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte
                    == UInt8(ascii: "\"")
                {
                    isInString = false
                } else if byte < 0x20 {
                    break scan
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                guard open.count < depthMax else { return nil }
                open.append(byte &+ 2)
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                guard open.popLast() == byte else { break scan }
                kept = position + 1
                openAtKept = open
                if open.isEmpty { break scan }
            // Blocks that were never written read as zeros.
            case 0..<0x09, 0x0E..<0x20, 0x7F...: break scan
            default: break
            }
        }
        guard kept > 0, !openAtKept.isEmpty else { return nil }
        return (Array(bytes[..<kept]) + openAtKept.reversed(), kept)
    }
}
