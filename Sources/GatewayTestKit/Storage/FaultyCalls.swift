internal import CSQLite
internal import Glibc
internal import SQLite

/// The system calls of `FileCalls` as a `FaultyDisk` answers them.
enum FaultyCalls {
    private typealias OnPath = @convention(c) (UnsafePointer<CChar>?) -> Int32
    private typealias OnTwoPaths = @convention(c) (UnsafePointer<CChar>?, UnsafePointer<CChar>?) -> Int32
    private typealias OnPathWithMode = @convention(c) (UnsafePointer<CChar>?, mode_t) -> Int32

    /// Nil for a call that nothing is to be done about.
    static func named(_ name: String) -> sqlite3_syscall_ptr? {
        switch name {
        case "unlink": untyped(unlink)
        case "rename": untyped(rename)
        case "mkdir": untyped(makeFolder)
        case "syncFolder": untyped(syncFolder)
        default: nil
        }
    }

    private static func untyped<Call>(_ call: Call) -> sqlite3_syscall_ptr {
        // SQLite hands out system calls as pointers to anything; who asks by the name knows the type.
        unsafeBitCast(call, to: sqlite3_syscall_ptr.self)
    }

    static func folder(of path: String) -> String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "" }

    /// Does it unless the disk refuses; records it if it succeeded.
    private static func attempt(
        _ call: FaultyDisk.Call, on path: String, _ work: () -> Int32, _ change: (inout DiskContents) -> Void
    ) -> Int32 {
        guard let disk = FaultyDisk.holding(path) else { return work() }
        switch disk.admit(call) {
        case .fail(let fault):
            errno = fault == .noSpace ? ENOSPC : EIO
            return -1
        case .proceed, .die:
            let result = work()
            if result == 0 { disk.record(change) }
            guard disk.isOff else { return result }
            errno = EIO
            return -1
        }
    }

    private static let unlink: OnPath = { path in
        guard let path else { return -1 }
        guard access(path, F_OK) == 0 else { return Glibc.unlink(path) }
        let name = String(cString: path)
        return attempt(.delete, on: name) {
            Glibc.unlink(path)
        } _: {
            $0.remove(name)
        }
    }

    private static let rename: OnTwoPaths = { path, target in
        guard let path, let target else { return -1 }
        let names = (String(cString: path), String(cString: target))
        return attempt(.rename, on: names.0) {
            Glibc.rename(path, target)
        } _: {
            $0.rename(names.0, to: names.1)
        }
    }

    private static let makeFolder: OnPathWithMode = { path, mode in
        guard let path else { return -1 }
        guard access(path, F_OK) != 0 else { return mkdir(path, mode) }
        let name = String(cString: path)
        return attempt(.makeFolder, on: name) {
            mkdir(path, mode)
        } _: {
            $0.makeFolder(name)
        }
    }

    private static let syncFolder: OnPath = { path in
        guard let path else { return -1 }
        let name = String(cString: path)
        guard FaultyDisk.holding(name) != nil else {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return -1 }
            defer { close(descriptor) }
            return fsync(descriptor)
        }
        return attempt(.syncFolder, on: name) {
            0
        } _: {
            $0.syncFolder(name)
        }
    }
}
