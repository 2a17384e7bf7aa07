internal import CSQLite
internal import Glibc

/// The VFS between SQLite and the files of every `FaultyDisk`. Files elsewhere pass by it untouched.
enum FaultyVFS {
    /// SQLite's own VFS, which does the work.
    // Set once before SQLite sees ours, then only read.
    nonisolated(unsafe) static let real: UnsafeMutablePointer<sqlite3_vfs>? = sqlite3_vfs_find("unix")

    private static let isRegistered: Bool = {
        guard let real else { return false }
        let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        vfs.initialize(to: real.pointee)
        vfs.pointee.pNext = nil
        vfs.pointee.zName = UnsafePointer(strdup("faulty"))
        vfs.pointee.szOsFile = Int32(FaultyFile.realOffset) + real.pointee.szOsFile
        vfs.pointee.xOpen = { _, name, file, flags, given in FaultyVFS.open(name, file, flags, given) }
        vfs.pointee.xDelete = { _, name, syncs in FaultyVFS.delete(name, syncs) }
        vfs.pointee.xGetSystemCall = { _, name in FaultyVFS.systemCall(name) }
        return sqlite3_vfs_register(vfs, 1) == SQLITE_OK
    }()

    /// Makes it the default VFS of this process, once and for all.
    static func register() { precondition(isRegistered, "SQLite has its Unix VFS and takes another") }

    private static func open(
        _ name: UnsafePointer<CChar>?, _ file: UnsafeMutablePointer<sqlite3_file>?, _ flags: Int32,
        _ given: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        guard let real, let file else { return SQLITE_MISUSE }
        guard let name, let disk = FaultyDisk.holding(String(cString: name)) else {
            // There is room enough for the real file alone, at the beginning: its own methods serve it.
            return real.pointee.xOpen(real, name, file, flags, given)
        }
        file.pointee.pMethods = nil
        let path = String(cString: name)
        if case .proceed = disk.admit(.open) {} else { return SQLITE_CANTOPEN }
        let result = real.pointee.xOpen(real, name, FaultyFile.real(of: file), flags, given)
        guard result == SQLITE_OK else { return result }
        let node = disk.record { $0.open(path) }
        // As SQLite's own: the first sync of a journal that may be new syncs its folder too.
        let isJournal = flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL) != 0
        let isNewJournal = isJournal && flags & SQLITE_OPEN_CREATE != 0
        FaultyFile.attach(FaultyFile(disk, path, node, syncsFolder: isNewJournal), to: file)
        return SQLITE_OK
    }

    private static func delete(_ name: UnsafePointer<CChar>?, _ syncs: Int32) -> Int32 {
        guard let real, let name else { return SQLITE_MISUSE }
        let path = String(cString: name)
        guard let disk = FaultyDisk.holding(path), access(name, F_OK) == 0 else {
            return real.pointee.xDelete(real, name, syncs)
        }
        if case .proceed = disk.admit(.delete) {} else { return FaultyFile.deleteFailed }
        let result = real.pointee.xDelete(real, name, 0)
        if result == SQLITE_OK {
            disk.record { contents in
                contents.remove(path)
                if syncs & 1 != 0 { contents.syncFolder(FaultyCalls.folder(of: path)) }
            }
        }
        return result
    }

    private static func systemCall(_ name: UnsafePointer<CChar>?) -> sqlite3_syscall_ptr? {
        guard let name, let real else { return nil }
        return FaultyCalls.named(String(cString: name)) ?? real.pointee.xGetSystemCall(real, name)
    }
}
