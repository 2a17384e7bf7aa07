internal import CLinux
internal import Glibc

/// The kernel's name of this boot of the machine: a UUID that changes with every boot.
public enum BootID {
    /// Reads `/proc/sys/kernel/random/boot_id`.
    public static func current() throws(EventLoopError) -> String {
        let file = clinux_open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0)
        guard file >= 0 else { throw .last("open boot_id") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { throw .last("read boot_id") }
        return String(decoding: bytes[..<count].prefix { $0 > 0x20 }, as: UTF8.self)
    }
}
