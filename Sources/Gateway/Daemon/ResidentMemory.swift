import CLinux
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

    /// Gives back the pages of program and libraries that only starting up needed: some 8 MiB of relocation tables,
    /// initialisers and what the kernel mapped around them. What is needed again comes back from the page cache.
    static func releaseStartPages() {
        _ = malloc_trim(0)
        // Without /proc nothing is given back, and nothing is lost.
        guard let bytes = try? FileContents.read("/proc/self/smaps", byteCountMax: 16 << 20) else { return }
        var mapping: (start: UInt, end: UInt)?
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: true)
            if fields.count >= 5, fields[0].contains(UInt8(ascii: "-")) {
                mapping = range(fields)
            } else if let found = mapping, fields.first?.elementsEqual("Anonymous:".utf8) == true {
                // A page that was written to, such as a relocated one, exists nowhere else: such mappings stay.
                if fields.dropFirst().first?.elementsEqual("0".utf8) == true {
                    madvise(
                        UnsafeMutableRawPointer(bitPattern: found.start), Int(found.end - found.start), MADV_DONTNEED)
                }
                mapping = nil
            }
        }
    }

    /// The addresses of a file's mapping that cannot be written to; nil for any other.
    private static func range(_ fields: [ArraySlice<UInt8>]) -> (start: UInt, end: UInt)? {
        guard fields.count >= 6, fields[5].first == UInt8(ascii: "/"), !fields[1].contains(UInt8(ascii: "w")),
            fields[1].last == UInt8(ascii: "p")
        else { return nil }
        let ends = fields[0].split(separator: UInt8(ascii: "-")).compactMap {
            UInt(String(decoding: $0, as: UTF8.self), radix: 16)
        }
        return ends.count == 2 ? (ends[0], ends[1]) : nil
    }
}
