import Glibc

/// A file system of a few megabytes that can be filled to its last byte. Needs the right to mount.
final class SmallDisk {
    let path: String
    private var ballast: String { path + "/ballast" }

    /// Nil if this process may not mount.
    init?(_ size: Int) {
        var template = Array("/tmp/small-disk-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(size)") == 0 else {
            rmdir(path)
            return nil
        }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    /// Whether tests that need a small disk can run here.
    static let isAvailable = SmallDisk(1 << 16) != nil

    /// Takes all space that is left.
    func fill() {
        let descriptor = open(ballast, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let block = [UInt8](repeating: 0, count: 4_096)
        while write(descriptor, block, block.count) == block.count {}
    }

    /// Gives the space back.
    func free() { unlink(ballast) }
}
