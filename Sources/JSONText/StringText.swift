/// The inside of a JSON string.
enum StringText {
    static func append(
        _ value: UnsafeBufferPointer<UInt8>, escaping: JSONWriter.Escaping, to bytes: inout [UInt8]
    ) {
        if escaping == .ascii, value.contains(where: { $0 >= 0x7F }) {
            appendASCII(value, to: &bytes)
            return
        }
        var start = 0
        for index in value.indices {
            let byte = value[index]
            if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
            bytes.append(contentsOf: value[start..<index])
            appendEscape(byte, to: &bytes)
            start = index + 1
        }
        bytes.append(contentsOf: value[start...])
    }

    private static func appendASCII(_ value: UnsafeBufferPointer<UInt8>, to bytes: inout [UInt8]) {
        for unit in String(decoding: value, as: UTF8.self).utf16 {
            if let byte = UInt8(exactly: unit), byte < 0x7F {
                if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                    bytes.append(byte)
                } else {
                    appendEscape(byte, to: &bytes)
                }
            } else {
                appendUnicode(unit, to: &bytes)
            }
        }
    }

    private static func appendEscape(_ byte: UInt8, to bytes: inout [UInt8]) {
        let short: UInt8? =
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): byte
            case 0x0A: UInt8(ascii: "n")
            case 0x0D: UInt8(ascii: "r")
            case 0x09: UInt8(ascii: "t")
            case 0x08: UInt8(ascii: "b")
            case 0x0C: UInt8(ascii: "f")
            default: nil
            }
        guard let short else { return appendUnicode(UInt16(byte), to: &bytes) }
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(short)
    }

    private static func appendUnicode(_ unit: UInt16, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(UInt8(ascii: "u"))
        for shift in [12, 8, 4, 0] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift) & 0xF
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
