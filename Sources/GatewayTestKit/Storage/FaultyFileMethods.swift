internal import CSQLite

/// The table of methods that SQLite calls for a file on a `FaultyDisk`.
enum FaultyFileMethods {
    private typealias Handle = UnsafeMutablePointer<sqlite3_file>

    /// Never freed and never changed after it is made.
    nonisolated(unsafe) static let table: UnsafePointer<sqlite3_io_methods> = {
        let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        methods.initialize(to: sqlite3_io_methods())
        // Version 2: with shared memory for WAL, without mapping database files, which would write past us.
        methods.pointee.iVersion = 2
        addChanges(methods)
        addReads(methods)
        addSharedMemory(methods)
        return UnsafePointer(methods)
    }()

    private static func withFile(_ file: Handle?, _ body: (FaultyFile, Handle) -> Int32) -> Int32 {
        guard let file else { return SQLITE_MISUSE }
        return body(FaultyFile.of(file).takeUnretainedValue(), FaultyFile.real(of: file))
    }

    private static func withReal(
        _ file: Handle?, _ body: (sqlite3_io_methods, Handle) -> Int32
    ) -> Int32 {
        guard let file else { return SQLITE_MISUSE }
        let real = FaultyFile.real(of: file)
        return body(real.pointee.pMethods.pointee, real)
    }

    private static func addChanges(_ methods: UnsafeMutablePointer<sqlite3_io_methods>) {
        methods.pointee.xWrite = { file, bytes, count, offset in
            FaultyFileMethods.withFile(file) { $0.write($1, bytes, count, offset) }
        }
        methods.pointee.xTruncate = { file, size in FaultyFileMethods.withFile(file) { $0.truncate($1, size) } }
        methods.pointee.xSync = { file, _ in FaultyFileMethods.withFile(file) { opened, _ in opened.sync() } }
        methods.pointee.xClose = { file in
            guard let file else { return SQLITE_MISUSE }
            let result = FaultyFileMethods.withReal(file) { $0.xClose($1) }
            FaultyFile.of(file).release()
            return result
        }
    }

    private static func addReads(_ methods: UnsafeMutablePointer<sqlite3_io_methods>) {
        methods.pointee.xRead = { file, bytes, count, offset in
            FaultyFileMethods.withReal(file) { $0.xRead($1, bytes, count, offset) }
        }
        methods.pointee.xFileSize = { file, size in FaultyFileMethods.withReal(file) { $0.xFileSize($1, size) } }
        methods.pointee.xLock = { file, level in FaultyFileMethods.withReal(file) { $0.xLock($1, level) } }
        methods.pointee.xUnlock = { file, level in FaultyFileMethods.withReal(file) { $0.xUnlock($1, level) } }
        methods.pointee.xCheckReservedLock = { file, result in
            FaultyFileMethods.withReal(file) { $0.xCheckReservedLock($1, result) }
        }
        methods.pointee.xFileControl = { file, operation, argument in
            FaultyFileMethods.withReal(file) { $0.xFileControl($1, operation, argument) }
        }
        methods.pointee.xSectorSize = { file in FaultyFileMethods.withReal(file) { $0.xSectorSize($1) } }
        methods.pointee.xDeviceCharacteristics = { file in
            FaultyFileMethods.withReal(file) { $0.xDeviceCharacteristics($1) }
        }
    }

    private static func addSharedMemory(_ methods: UnsafeMutablePointer<sqlite3_io_methods>) {
        methods.pointee.xShmMap = { file, region, size, extend, memory in
            FaultyFileMethods.withFile(file) { opened, real in
                let refusal = extend != 0 ? opened.mapSharedMemory() : SQLITE_OK
                guard refusal == SQLITE_OK else { return refusal }
                return real.pointee.pMethods.pointee.xShmMap(real, region, size, extend, memory)
            }
        }
        methods.pointee.xShmLock = { file, offset, count, flags in
            FaultyFileMethods.withReal(file) { $0.xShmLock($1, offset, count, flags) }
        }
        methods.pointee.xShmBarrier = { file in
            _ = FaultyFileMethods.withReal(file) {
                $0.xShmBarrier($1)
                return SQLITE_OK
            }
        }
        methods.pointee.xShmUnmap = { file, remove in
            FaultyFileMethods.withReal(file) { $0.xShmUnmap($1, remove) }
        }
    }
}
