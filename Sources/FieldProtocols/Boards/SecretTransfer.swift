/// Watches for PEM blocks in a board's lines: keys and certificates are never written to a log.
struct SecretTransfer: Sendable {
    private var lines = 0
    /// A block longer than this has lost its end.
    private static let lineCountMax = 400

    /// Whether bytes that are to be kept whole hold such a block.
    static func isPEM(_ bytes: UnsafeRawBufferPointer) -> Bool {
        ByteText(bytes).contains("-----BEGIN ") || ByteText(bytes).contains("-----END ")
    }

    /// Whether this line belongs to a block.
    mutating func covers(_ line: ByteText) -> Bool {
        if line.contains("-----BEGIN ") {
            lines = line.contains("-----END ") ? 0 : 1
            return true
        }
        guard lines > 0 else { return line.contains("-----END ") || Self.isBody(line.trimmed) }
        lines = line.contains("-----END ") || lines >= Self.lineCountMax ? 0 : lines + 1
        return true
    }

    /// A line of base64 as PEM has it: whoever joins in the middle of a transfer has not seen its beginning.
    private static func isBody(_ line: ByteText) -> Bool {
        guard (40...128).contains(line.bytes.count), line.bytes.count % 4 == 0 else { return false }
        var hasUpper = false
        var hasLower = false
        for byte in line.bytes {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): hasUpper = true
            case UInt8(ascii: "a")...UInt8(ascii: "z"): hasLower = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="): break
            default: return false
            }
        }
        return hasUpper && hasLower
    }
}
