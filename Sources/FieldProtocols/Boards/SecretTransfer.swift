/// Watches for PEM blocks in a board's lines: keys and certificates are never written to a log.
struct SecretTransfer: Sendable {
    private var lines = 0
    /// A block longer than this has lost its end.
    private static let lineCountMax = 400

    /// Whether this line belongs to a block.
    mutating func covers(_ line: ByteText) -> Bool {
        if line.contains("-----BEGIN ") {
            lines = line.contains("-----END ") ? 0 : 1
            return true
        }
        guard lines > 0 else { return line.contains("-----END ") }
        lines = line.contains("-----END ") || lines >= Self.lineCountMax ? 0 : lines + 1
        return true
    }
}
