internal import CLinux
internal import Glibc

/// What a file system says of its room.
public struct DiskSpace: Sendable, Equatable {
    /// Bytes in all.
    public var total: Int64
    /// Bytes that this process may still take.
    public var available: Int64

    /// A disk of these sizes.
    public init(total: Int64, available: Int64) {
        self.total = total
        self.available = available
    }

    /// The file system that holds `path`; nil if it cannot be asked.
    public static func of(_ path: String) -> DiskSpace? {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let unit = Int64(clamping: status.f_frsize)
        return DiskSpace(
            total: Int64(clamping: status.f_blocks) &* unit, available: Int64(clamping: status.f_bavail) &* unit)
    }
}
