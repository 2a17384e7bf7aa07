import Glibc

/// The memory of this process.
enum ResidentMemory {
    /// Bytes in memory, as the kernel counts them; 0 if it does not tell.
    static func byteCount() -> Int64 {
        // /proc is always there on the systems we run on; without it the figure is missing, nothing else.
        guard let bytes = try? FileContents.read("/proc/self/statm", byteCountMax: 4_096) else { return 0 }
        let fields = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard fields.count > 1, let pages = Int64(fields[1]) else { return 0 }
        return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }
}
