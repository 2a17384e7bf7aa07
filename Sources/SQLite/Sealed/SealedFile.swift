internal import CSQLite
internal import Glibc

/// An open file that nobody changes: each page that has a checksum is compared with it whenever it is read.
///
/// The memory that SQLite sets aside for it holds its table of methods and this object.
final class SealedFile {
    private let file: RawFile
    private let sums: PageSums?

    init(_ file: RawFile, sums: PageSums?) {
        self.file = file
        self.sums = sums
    }

    static func attach(_ opened: SealedFile, to handle: RawFile.Handle) {
        UnsafeMutableRawPointer(handle).storeBytes(
            of: Unmanaged.passRetained(opened).toOpaque(), toByteOffset: 8, as: UnsafeMutableRawPointer.self)
        handle.pointee.pMethods = methods
    }

    private static func of(_ handle: RawFile.Handle) -> Unmanaged<SealedFile> {
        .fromOpaque(UnsafeMutableRawPointer(handle).load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self))
    }

    private func read(_ target: UnsafeMutableRawPointer, _ count: Int, _ offset: Int64) -> Int32 {
        let real = file.handle
        guard let sums, offset >= 0 else {
            return real.pointee.pMethods.pointee.xRead(real, target, Int32(count), offset)
        }
        let pageSize = sums.pageSize
        if count == pageSize, offset % Int64(pageSize) == 0 {
            let result = real.pointee.pMethods.pointee.xRead(real, target, Int32(count), offset)
            guard result == SQLITE_OK else { return result }
            let number = Int(offset / Int64(pageSize)) + 1
            return sums.match(UnsafeRawBufferPointer(start: target, count: count), number) ? SQLITE_OK : SQLITE_CORRUPT
        }
        return readParts(sums, target, count, offset)
    }

    /// What is not one page, such as the header: judged by the pages that it is part of.
    private func readParts(
        _ sums: PageSums, _ target: UnsafeMutableRawPointer, _ count: Int, _ offset: Int64
    ) -> Int32 {
        let pageSize = Int64(sums.pageSize)
        var done = 0
        while done < count {
            let position = offset + Int64(done)
            let number = position / pageSize
            guard let page = file.read(sums.pageSize, at: number * pageSize) else { return SQLITE_CORRUPT }
            guard page.withUnsafeBytes({ sums.match($0, Int(number) + 1) }) else { return SQLITE_CORRUPT }
            let from = Int(position % pageSize)
            let part = min(count - done, sums.pageSize - from)
            UnsafeMutableRawBufferPointer(start: target + done, count: part).copyBytes(from: page[from..<from + part])
            done += part
        }
        return SQLITE_OK
    }

    private var size: Int64? { sums.map { Int64($0.count * $0.pageSize) } ?? file.size }

    /// Never freed and never changed after it is made.
    private nonisolated(unsafe) static let methods: UnsafePointer<sqlite3_io_methods> = {
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: sqlite3_io_methods())
        // Version 1: such a file has no shared memory, and is not mapped, which would read past us.
        methods.pointee.iVersion = 1
        methods.pointee.xRead = { handle, target, count, offset in
            guard let handle, let target else { return SQLITE_MISUSE }
            return SealedFile.of(handle).takeUnretainedValue().read(target, Int(count), offset)
        }
        methods.pointee.xFileSize = { handle, size in
            guard let handle, let found = SealedFile.of(handle).takeUnretainedValue().size else { return SQLITE_IOERR }
            size?.pointee = found
            return SQLITE_OK
        }
        methods.pointee.xClose = { handle in
            guard let handle else { return SQLITE_MISUSE }
            SealedFile.of(handle).release()
            return SQLITE_OK
        }
        addPassages(methods)
        return UnsafePointer(methods)
    }()

    private static func passing(
        _ handle: RawFile.Handle?, _ body: (sqlite3_io_methods, RawFile.Handle) -> Int32
    ) -> Int32 {
        guard let handle else { return SQLITE_MISUSE }
        let real = of(handle).takeUnretainedValue().file.handle
        return body(real.pointee.pMethods.pointee, real)
    }

    /// What the real file does; changes too, of files that SQLite makes for itself while it sorts.
    private static func addPassages(_ methods: UnsafeMutablePointer<sqlite3_io_methods>) {
        methods.pointee.xWrite = { handle, bytes, count, offset in
            SealedFile.passing(handle) { $0.xWrite($1, bytes, count, offset) }
        }
        methods.pointee.xTruncate = { handle, size in SealedFile.passing(handle) { $0.xTruncate($1, size) } }
        methods.pointee.xSync = { handle, flags in SealedFile.passing(handle) { $0.xSync($1, flags) } }
        methods.pointee.xLock = { handle, level in SealedFile.passing(handle) { $0.xLock($1, level) } }
        methods.pointee.xUnlock = { handle, level in SealedFile.passing(handle) { $0.xUnlock($1, level) } }
        methods.pointee.xCheckReservedLock = { handle, found in
            SealedFile.passing(handle) { $0.xCheckReservedLock($1, found) }
        }
        methods.pointee.xFileControl = { handle, operation, argument in
            SealedFile.passing(handle) { $0.xFileControl($1, operation, argument) }
        }
        methods.pointee.xSectorSize = { handle in SealedFile.passing(handle) { $0.xSectorSize($1) } }
        methods.pointee.xDeviceCharacteristics = { handle in
            SealedFile.passing(handle) { $0.xDeviceCharacteristics($1) }
        }
    }
}

/// The VFS of files that nobody changes.
enum SealedVFS {
    static let name = "sealed"

    private static let isRegistered: Bool = {
        guard let usual = sqlite3_vfs_find(nil) else { return false }
        let vfs = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        vfs.initialize(to: usual.pointee)
        vfs.pointee.pNext = nil
        vfs.pointee.zName = UnsafePointer(strdup(name))
        vfs.pointee.szOsFile = 16
        vfs.pointee.xOpen = { _, name, handle, flags, given in
            guard let handle else { return SQLITE_MISUSE }
            handle.pointee.pMethods = nil
            switch RawFile.open(name, flags, given) {
            case .success(let real):
                let file = RawFile(real)
                let isDatabase = flags & SQLITE_OPEN_MAIN_DB != 0
                SealedFile.attach(SealedFile(file, sums: isDatabase ? PageSums(file) : nil), to: handle)
                return SQLITE_OK
            case .failure(let failure): return failure.code
            }
        }
        return sqlite3_vfs_register(vfs, 0) == SQLITE_OK
    }()

    /// Makes it known to SQLite, once and for all; whether it is.
    static func register() -> Bool { isRegistered }
}
