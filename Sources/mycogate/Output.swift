import Glibc
import Synchronization

/// Standard output, buffered, and standard error. A reader that has gone away ends the program quietly.
enum Output {
    private static let pending = Mutex<[UInt8]>([])

    static func line(_ text: String) {
        write(Array(text.utf8) + [0x0A])
    }

    static func text(_ text: String) { write(Array(text.utf8)) }

    static func write(_ bytes: some Sequence<UInt8>) {
        let full = pending.withLock { pending in
            pending.append(contentsOf: bytes)
            return pending.count >= 65_536
        }
        if full { flush() }
    }

    static func flush() {
        let bytes = pending.withLock { pending in
            defer { pending.removeAll(keepingCapacity: true) }
            return pending
        }
        send(bytes, to: STDOUT_FILENO)
    }

    static func error(_ text: String) {
        flush()
        send(Array(text.utf8), to: STDERR_FILENO)
    }

    private static func send(_ bytes: [UInt8], to descriptor: Int32) {
        var offset = 0
        while offset < bytes.count {
            let sent = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if sent > 0 {
                offset += sent
            } else if errno != EINTR {
                exit(errno == EPIPE ? 0 : ExitStatus.failed.rawValue)
            }
        }
    }

    /// What a device said, for a terminal: controls, and marks that turn the direction of writing, are spelled out.
    static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        return text.unicodeScalars.map { scalar in
            isHidden(scalar) ? "\\u{\(String(scalar.value, radix: 16))}" : String(Character(scalar))
        }.joined()
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Columns as wide as their widest cell; the last is not padded.
    static func table(_ header: [String], _ rows: [[String]]) {
        let all = [header] + rows.map { $0.map(printable) }
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            line(cells.joined(separator: "  "))
        }
    }
}
