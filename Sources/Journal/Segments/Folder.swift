internal import Glibc
internal import SQLite

/// The few operations on files and folders that the journal needs, with errors it can pass on.
enum Folder {
    /// Makes the folder and those above it, readable by the daemon's user and group alone.
    static func make(_ path: String) throws(JournalError) {
        // One that is there may be so since an attempt that could not make its name durable.
        if FileCalls.makeFolder(path, mode: 0o750) == 0 || errno == EEXIST { return try sync(parent(of: path)) }
        guard errno == ENOENT, path != parent(of: path) else { throw failure("cannot make \(path)") }
        try make(parent(of: path))
        guard FileCalls.makeFolder(path, mode: 0o750) == 0 || errno == EEXIST else {
            throw failure("cannot make \(path)")
        }
        try sync(parent(of: path))
    }

    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Bytes of a file; nil if there is none.
    static func size(of path: String) -> Int64? {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : nil
    }

    /// Makes what happened to names in the folder durable.
    static func sync(_ path: String) throws(JournalError) {
        guard FileCalls.syncFolder(path) == 0 else { throw failure("cannot sync \(path)") }
    }

    static func rename(_ path: String, to target: String) throws(JournalError) {
        guard FileCalls.rename(path, to: target) == 0 else { throw failure("cannot move \(path) to \(target)") }
    }

    /// - Returns: whether a file was removed.
    @discardableResult
    static func remove(_ path: String) -> Bool { FileCalls.unlink(path) == 0 }

    static func makeReadOnly(_ path: String) { _ = chmod(path, 0o440) }
    static func makeWritable(_ path: String) { _ = chmod(path, 0o640) }

    /// The first `count` bytes of a file, or fewer if it is shorter.
    static func head(of path: String, count: Int) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        return [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            filled = max(0, read(descriptor, bytes.baseAddress, count))
        }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func failure(_ what: String) -> JournalError {
        let number = errno
        let text = "\(what): \(String(cString: strerror(number)))"
        return switch number {
        case ENOSPC, EDQUOT, EFBIG: .full(text)
        case EIO: .unavailable(text)
        default: .unusable(text)
        }
    }
}
