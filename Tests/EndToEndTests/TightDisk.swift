import GatewayTestKit
import Glibc

/// A small file system in memory, mounted where a daemon keeps its data. Needs the right to mount.
final class TightDisk {
    struct Refusal: Error {}

    let path: String
    private var ballast: String { path + "/ballast" }

    /// Whether this process may mount.
    static let isAvailable: Bool = {
        guard let folder = try? TemporaryFolder("mycogate-mount"), let disk = try? TightDisk(folder.path, size: "64k")
        else { return false }
        disk.unmount()
        return true
    }()

    /// Mounts a disk of `size` (as `mount` takes it) over `path`.
    init(_ path: String, size: String) throws {
        self.path = path
        guard try Self.shell("mount", ["-t", "tmpfs", "-o", "size=\(size)", "tmpfs", path]) == 0 else {
            throw Refusal()
        }
    }

    deinit { unmount() }

    /// Whoever uses the disk must have left it.
    func unmount() { _ = try? Self.shell("umount", [path]) }

    /// Bytes that can still be had.
    var freeBytes: Int {
        var status = statvfs()
        return statvfs(path, &status) == 0 ? Int(status.f_bavail * status.f_frsize) : -1
    }

    /// Takes all space that is left.
    func fill() {
        let descriptor = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0, count: 4_096)
        while write(descriptor, block, block.count) == block.count {}
    }

    /// Gives it back.
    func free() { unlink(ballast) }

    private static func shell(_ program: String, _ arguments: [String]) throws -> Int32 {
        try ChildProcess(program, arguments, output: "/dev/null").waitForExit()
    }
}
