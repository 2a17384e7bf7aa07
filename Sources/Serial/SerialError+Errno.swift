internal import CLinux
internal import Glibc

extension SerialError {
    /// The error that an errno of a call on this port means.
    init(errno number: Int32, call: String, path: String) {
        self =
            switch number {
            case ENOENT, ENODEV, ENXIO, EIO, ENOTDIR, EPIPE: .gone(path: path)
            case EBUSY, EWOULDBLOCK: .busy(path: path)
            case EACCES, EPERM: .permission(path: path, group: Self.groupThatMayOpen(path))
            case ENOTTY, EISDIR, ELOOP: .notATerminal(path: path)
            default: .failed(path: path, call: call, errno: number)
            }
    }

    /// The group owning the port, if that group may write to it: on Debian `dialout`.
    private static func groupThatMayOpen(_ path: String) -> String? {
        var attributes = stat()
        guard stat(path, &attributes) == 0, attributes.st_mode & (S_IRGRP | S_IWGRP) == S_IRGRP | S_IWGRP else {
            return nil
        }
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            guard let base = buffer.baseAddress,
                getgrgid_r(attributes.st_gid, &entry, base, buffer.count, &found) == 0, found != nil,
                let name = entry.gr_name
            else { return nil }
            return String(cString: name)
        }
    }
}
