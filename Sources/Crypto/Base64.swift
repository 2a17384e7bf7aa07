/// Base64 with the standard alphabet (RFC 4648 section 4).
public enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// With padding, on one line.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var window: UInt32 = 0
        var filled = 0
        for byte in bytes {
            window = window << 8 | UInt32(byte)
            filled += 8
            while filled >= 6 {
                filled -= 6
                text.append(alphabet[Int(window >> UInt32(filled)) & 63])
            }
            window &= (1 << UInt32(filled)) - 1
        }
        if filled > 0 { text.append(alphabet[Int(window << UInt32(6 - filled)) & 63]) }
        while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Padding may be missing; nil for other characters, impossible lengths and bits set behind the last byte.
    public static func decode(_ text: String) -> [UInt8]? {
        var text = text
        return text.withUTF8 { decode(utf8: $0) }
    }

    /// As `decode(_:)`, from the bytes of the text.
    public static func decode(utf8 text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var window: UInt32 = 0
        var filled = 0
        var padding = 0
        var characters = 0
        for character in text {
            if character == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: character) else { return nil }
            characters += 1
            window = window << 6 | UInt32(value)
            filled += 6
            if filled >= 8 {
                filled -= 8
                bytes.append(UInt8(truncatingIfNeeded: window >> UInt32(filled)))
                window &= (1 << UInt32(filled)) - 1
            }
        }
        let isWhole = padding == 0 || (characters + padding) % 4 == 0
        guard characters % 4 != 1, padding <= 2, isWhole, window == 0 else { return nil }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
