/// Keeps keys and certificates that boards are sent or print (PEM) out of the log.
struct SecretScreen {
    /// A block that never ends hides at most this many lines.
    static let lineCountMax = 256

    private var linesLeft = 0

    /// Whether `line` belongs to a PEM block, its first and last line included.
    mutating func hides(_ line: String) -> Bool {
        if line.contains("-----END ") {
            linesLeft = 0
            return true
        }
        if line.contains("-----BEGIN ") {
            linesLeft = Self.lineCountMax
            return true
        }
        guard linesLeft > 0 else { return false }
        linesLeft -= 1
        return true
    }
}
