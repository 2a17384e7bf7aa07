internal import Glibc

/// A file system in memory, mounted over a folder, that can be filled to its last byte. Needs the right to mount.
public final class SmallDisk {
    public let path: String
    /// Holds the folder in being, unless the test brought its own.
    private let folder: TemporaryFolder?
    private var ballast: String { path + "/ballast" }

    /// Whether this process may mount.
    public static let isAvailable = (try? SmallDisk(1 << 16)) != nil

    /// Mounts a disk of `size` bytes over `path`, or over a folder of its own.
    public init(_ size: Int, at path: String? = nil) throws(FileError) {
        folder = path == nil ? try TemporaryFolder("small-disk") : nil
        self.path = path ?? folder?.path ?? ""
        guard mount("tmpfs", self.path, "tmpfs", 0, "size=\(size)") == 0 else { throw .last("mount", self.path) }
    }

    deinit { unmount() }

    /// Takes the disk away, also from those who still have files of it open.
    public func unmount() { umount2(path, Int32(MNT_DETACH)) }

    /// Bytes that can still be had.
    public var freeBytes: Int {
        var status = statvfs()
        return statvfs(path, &status) == 0 ? Int(status.f_bavail * status.f_frsize) : -1
    }

    /// Takes all space that is left.
    public func fill() {
        let descriptor = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0, count: 4_096)
        while write(descriptor, block, block.count) == block.count {}
    }

    /// Gives it back.
    public func free() { unlink(ballast) }
}
