internal import CLinux
internal import Glibc

/// Reads and writes the few short texts around the broker.
enum SmallFile {
    /// The first `limit` bytes; nil if the file cannot be read.
    static func read(_ path: String, limit: Int = 4_096, fromEnd: Bool = false) -> String? {
        let file = clinux_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return nil }
        defer { close(file) }
        if fromEnd {
            let size = lseek(file, 0, SEEK_END)
            lseek(file, max(0, size - off_t(limit)), SEEK_SET)
        }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = Glibc.read(file, &bytes, limit)
        guard count >= 0 else { return nil }
        // Arguments in /proc are separated by zero bytes.
        return String(decoding: bytes[..<count].map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
    }

    /// Replaces the file. Throws `broker` with the path and the reason.
    static func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(MQTTError) {
        let file = clinux_open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw .broker("\(path): \(String(cString: strerror(errno)))") }
        defer { close(file) }
        // Whatever mask the process has: the broker reads its configuration as another user.
        fchmod(file, mode)
        let count = text.utf8.count
        guard Glibc.write(file, text, count) == count else {
            throw .broker("\(path): \(String(cString: strerror(errno)))")
        }
    }
}
