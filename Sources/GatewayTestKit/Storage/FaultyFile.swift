internal import CSQLite

/// An open file on a `FaultyDisk`.
///
/// The memory that SQLite sets aside for it holds our methods, this object, and behind them the real file.
final class FaultyFile {
    static let realOffset = 16

    // SQLite's extended result codes, which are made by macros that Swift does not see.
    static let writeFailed = SQLITE_IOERR | 3 << 8
    static let syncFailed = SQLITE_IOERR | 4 << 8
    static let truncateFailed = SQLITE_IOERR | 6 << 8
    static let deleteFailed = SQLITE_IOERR | 10 << 8
    static let sharedMemoryFailed = SQLITE_IOERR | 19 << 8

    private let disk: FaultyDisk
    private let path: String
    private let node: Int
    private var syncsFolder: Bool

    init(_ disk: FaultyDisk, _ path: String, _ node: Int, syncsFolder: Bool) {
        self.disk = disk
        self.path = path
        self.node = node
        self.syncsFolder = syncsFolder
    }

    typealias Handle = UnsafeMutablePointer<sqlite3_file>

    static func real(of file: Handle) -> Handle {
        (UnsafeMutableRawPointer(file) + realOffset).assumingMemoryBound(to: sqlite3_file.self)
    }

    static func attach(_ opened: FaultyFile, to file: Handle) {
        UnsafeMutableRawPointer(file).storeBytes(
            of: Unmanaged.passRetained(opened).toOpaque(), toByteOffset: 8, as: UnsafeMutableRawPointer.self)
        file.pointee.pMethods = FaultyFileMethods.table
    }

    static func of(_ file: Handle) -> Unmanaged<FaultyFile> {
        .fromOpaque(UnsafeMutableRawPointer(file).load(fromByteOffset: 8, as: UnsafeMutableRawPointer.self))
    }

    func write(_ real: Handle, _ bytes: UnsafeRawPointer?, _ count: Int32, _ offset: Int64) -> Int32 {
        let verdict = disk.admit(.write)
        switch verdict {
        case .proceed: return put(real, bytes, count, offset)
        case .die:
            _ = put(real, bytes, count, offset)
            return Self.writeFailed
        case .fail(.noSpace): return SQLITE_FULL
        case .fail(.ioError): return Self.writeFailed
        case .fail(.shortWrite):
            let result = put(real, bytes, count / 2, offset)
            return result == SQLITE_OK ? SQLITE_FULL : result
        }
    }

    private func put(_ real: Handle, _ bytes: UnsafeRawPointer?, _ count: Int32, _ offset: Int64) -> Int32 {
        let result = real.pointee.pMethods.pointee.xWrite(real, bytes, count, offset)
        guard result == SQLITE_OK, let bytes else { return result }
        let written = Array(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
        disk.record { $0.write(node, Int(offset), written) }
        return result
    }

    func truncate(_ real: Handle, _ size: Int64) -> Int32 {
        switch disk.admit(.truncate) {
        case .fail: return Self.truncateFailed
        case .proceed, .die:
            let result = real.pointee.pMethods.pointee.xTruncate(real, size)
            if result == SQLITE_OK { disk.record { $0.truncate(node, Int(size)) } }
            return disk.isOff ? Self.truncateFailed : result
        }
    }

    /// Nothing is really synced: what counts is what we take for it.
    func sync() -> Int32 {
        switch disk.admit(.sync) {
        case .proceed:
            disk.record { $0.sync(node) }
            if syncsFolder {
                syncsFolder = false
                // SQLite does not tell anybody when this fails.
                if case .proceed = disk.admit(.syncFolder) {
                    let folder = FaultyCalls.folder(of: path)
                    disk.record { $0.syncFolder(folder) }
                }
            }
            return disk.isOff ? Self.syncFailed : SQLITE_OK
        case .die: return Self.syncFailed
        case .fail:
            disk.record { $0.failSync(node) }
            return Self.syncFailed
        }
    }

    func mapSharedMemory() -> Int32 {
        if case .proceed = disk.admit(.sharedMemory) { SQLITE_OK } else { Self.sharedMemoryFailed }
    }
}
