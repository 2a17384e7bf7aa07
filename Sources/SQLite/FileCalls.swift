internal import CSQLite
internal import Glibc

/// What a store does to files and folders besides SQLite's own work.
///
/// Each goes through the system calls that SQLite's default VFS offers by name, and to the C library where it offers
/// none: whatever stands between SQLite and the disk, such as a disk that fails on purpose, sees these too. All give 0,
/// or -1 with the reason in `errno`.
public enum FileCalls {
    private typealias OnPath = @convention(c) (UnsafePointer<CChar>?) -> Int32
    private typealias OnTwoPaths = @convention(c) (UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Int32
    private typealias OnPathWithMode = @convention(c) (UnsafePointer<CChar>?, mode_t) -> Int32

    /// Removes a file's name.
    public static func unlink(_ path: String) -> Int32 {
        // The name says the type: SQLite hands out system calls as pointers to anything.
        guard let call = named("unlink", as: OnPath.self) else { return Glibc.unlink(path) }
        return call(path)
    }

    /// Gives a file or folder another name, in one step.
    public static func rename(_ path: String, to target: String) -> Int32 {
        guard let call = named("rename", as: OnTwoPaths.self) else { return Glibc.rename(path, target) }
        return call(path, target)
    }

    /// Makes a folder.
    public static func makeFolder(_ path: String, mode: UInt32) -> Int32 {
        guard let call = named("mkdir", as: OnPathWithMode.self) else { return Glibc.mkdir(path, mode) }
        return call(path, mode)
    }

    /// Makes what happened to the names in a folder durable.
    public static func syncFolder(_ path: String) -> Int32 {
        guard let call = named("syncFolder", as: OnPath.self) else { return syncFolderItself(path) }
        return call(path)
    }

    private static func syncFolderItself(_ path: String) -> Int32 {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return -1 }
        let result = fsync(descriptor)
        let reason = errno
        close(descriptor)
        errno = reason
        return result
    }

    private static func named<Call>(_ name: StaticString, as type: Call.Type) -> Call? {
        guard let vfs = sqlite3_vfs_find(nil), vfs.pointee.iVersion >= 3, let get = vfs.pointee.xGetSystemCall else {
            return nil
        }
        let call = name.withUTF8Buffer { bytes in
            bytes.withMemoryRebound(to: CChar.self) { get(vfs, $0.baseAddress) }
        }
        // A pointer to a C function like any other; its name says what it takes.
        return call.map { unsafeBitCast($0, to: Call.self) }
    }
}
