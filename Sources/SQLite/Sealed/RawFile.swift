internal import CSQLite

/// A file opened by way of SQLite's default VFS, so that whatever stands between SQLite and the disk sees what is done.
final class RawFile {
    typealias Handle = UnsafeMutablePointer<sqlite3_file>

    let handle: Handle
    /// SQLite's files point to their name as long as they are open; nil if another keeps it.
    private let ownName: UnsafeMutablePointer<CChar>?

    /// Opens a file that is there.
    convenience init?(_ path: String, isWritten: Bool) {
        // Without parameters behind it: SQLite ends a list of them, be it empty, with another zero.
        let bytes = path.utf8.map { CChar(bitPattern: $0) } + [0, 0, 0]
        let name = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
        name.initialize(from: bytes, count: bytes.count)
        let flags = SQLITE_OPEN_MAIN_DB | (isWritten ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY)
        var given: Int32 = 0
        switch Self.open(name, flags, &given) {
        case .success(let handle) where isWritten && given & SQLITE_OPEN_READONLY != 0:
            RawFile.close(handle)
            name.deallocate()
            return nil
        case .success(let handle): self.init(handle, ownName: name)
        case .failure:
            name.deallocate()
            return nil
        }
    }

    init(_ handle: Handle, ownName: UnsafeMutablePointer<CChar>? = nil) {
        self.handle = handle
        self.ownName = ownName
    }

    deinit {
        Self.close(handle)
        ownName?.deallocate()
    }

    /// SQLite's result code.
    struct Failure: Error { var code: Int32 }

    /// - Parameter name: must stay where it is while the file is open.
    static func open(
        _ name: UnsafePointer<CChar>?, _ flags: Int32, _ given: UnsafeMutablePointer<Int32>?
    ) -> Result<Handle, Failure> {
        guard let vfs = sqlite3_vfs_find(nil) else { return .failure(Failure(code: SQLITE_MISUSE)) }
        let size = Int(vfs.pointee.szOsFile)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        let handle = memory.assumingMemoryBound(to: sqlite3_file.self)
        let result = vfs.pointee.xOpen(vfs, name, handle, flags, given)
        guard result == SQLITE_OK else {
            close(handle)
            return .failure(Failure(code: result))
        }
        return .success(handle)
    }

    /// Also of a file whose opening failed half way, which has its methods then.
    private static func close(_ handle: Handle) {
        if let methods = handle.pointee.pMethods { _ = methods.pointee.xClose(handle) }
        UnsafeMutableRawPointer(handle).deallocate()
    }

    private var methods: sqlite3_io_methods { handle.pointee.pMethods.pointee }

    /// Bytes of the file; nil if that cannot be told.
    var size: Int64? {
        var size: sqlite3_int64 = 0
        return methods.xFileSize(handle, &size) == SQLITE_OK ? size : nil
    }

    /// So many bytes; nil if they are not all there.
    func read(_ count: Int, at offset: Int64) -> [UInt8]? {
        guard offset >= 0 else { return nil }
        var isRead = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            isRead = methods.xRead(handle, buffer.baseAddress, Int32(count), offset) == SQLITE_OK
            filled = isRead ? count : 0
        }
        return isRead ? bytes : nil
    }

    func write(_ bytes: [UInt8], at offset: Int64) throws(SQLiteError) {
        let result = bytes.withUnsafeBytes { methods.xWrite(handle, $0.baseAddress, Int32($0.count), offset) }
        try check(result, "write")
    }

    func truncate(to size: Int64) throws(SQLiteError) { try check(methods.xTruncate(handle, size), "truncate") }

    func sync() throws(SQLiteError) { try check(methods.xSync(handle, SQLITE_SYNC_NORMAL), "sync") }

    private func check(_ result: Int32, _ what: String) throws(SQLiteError) {
        guard result == SQLITE_OK else { throw SQLiteError(result: result, message: "cannot \(what) checksums") }
    }
}
