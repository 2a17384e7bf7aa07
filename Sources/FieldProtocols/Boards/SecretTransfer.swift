/// Watches for PEM blocks in a board's lines: keys and certificates are never written to a log.
public struct SecretTransfer: Sendable {
    private var lines = 0
    /// A command began the transfer, and a command ends it.
    private var isCommanded = false
    /// A block longer than this has lost its end.
    private static let lineCountMax = 400
    /// The line before was one of base64.
    private var isBody = false
    private static let bodyMin = 40

    /// Stands for the body of a note that holds a key or a certificate.
    static let withheld = #"{"withheld":"key_or_certificate"}"#

    /// Whether bytes that are to be kept whole hold such a block.
    static func isPEM(_ bytes: UnsafeRawBufferPointer) -> Bool {
        ByteText(bytes).contains("-----BEGIN ") || ByteText(bytes).contains("-----END ")
    }

    /// The same of text, such as what a board says of an event.
    static func isPEM(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isPEM(UnsafeRawBufferPointer($0)) }
    }

    /// A watch that has seen nothing yet.
    public init() {}

    /// The same as below of the bytes of a line.
    public mutating func covers(line: UnsafeRawBufferPointer) -> Bool { covers(ByteText(line)) }

    /// Whether this line belongs to a block, or to a transfer of one: `cloud pem cert`, lines, `cloud pem end`.
    mutating func covers(_ line: ByteText) -> Bool {
        if line.contains("cloud pem ") {
            lines = line.contains("cloud pem end") ? 0 : 1
            isCommanded = lines > 0
            return false
        }
        if isCommanded, lines < Self.lineCountMax {
            lines += 1
            return true
        }
        isCommanded = false
        if line.contains("-----BEGIN ") {
            lines = line.contains("-----END ") ? 0 : 1
            return true
        }
        guard lines > 0 else {
            // The line after one of base64 is its last, a short one.
            let wasBody = isBody
            let length = line.trimmed.bytes.count
            isBody = Self.isBase64(line.trimmed) && (length >= Self.bodyMin || wasBody)
            return isBody || line.contains("-----END ")
        }
        lines = line.contains("-----END ") || lines >= Self.lineCountMax ? 0 : lines + 1
        return true
    }

    /// Of base64 only, as a line of PEM: whoever joins in the middle of a transfer has not seen its beginning, and may have
    /// lost that of the line.
    private static func isBase64(_ line: ByteText) -> Bool {
        guard (4...128).contains(line.bytes.count) else { return false }
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
