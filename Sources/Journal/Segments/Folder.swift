internal import Glibc
internal import SQLite

/// The few operations on files and folders that the journal needs, with errors it can pass on.
package enum Folder {
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

    /// What the folder holds, or nothing that is worth an error.
    /// The names in a folder, without `.` and `..`; none for a folder that cannot be read.
    package static func names(in path: String) -> [String] {
        // Whoever draws conclusions from what is not there asks `listing`.
        (try? listing(path)) ?? []
    }

    /// What the folder holds; nothing if there is none.
    static func listing(_ path: String) throws(JournalError) -> [String] {
        guard let folder = opendir(path) else {
            guard errno == ENOENT else { throw failure("cannot list \(path)") }
            return []
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else { throw failure("cannot list \(path)") }
                return names
            }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
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

    /// What can be known of the beginning of a file.
    enum Head {
        /// Fewer than wanted if it is shorter; none if there is no file.
        case bytes([UInt8])
        /// The disk cannot read it.
        case damaged(String)
        /// Says nothing about the file: no right to open it, no descriptor left.
        case closed(String)
    }

    static func head(of path: String, count: Int) -> Head {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return .bytes([]) }
            let text = String(cString: strerror(errno))
            return errno == EIO ? .damaged(text) : .closed(text)
        }
        defer { close(descriptor) }
        var result = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { bytes, filled in
            result = read(descriptor, bytes.baseAddress, count)
            filled = max(0, result)
        }
        return result < 0 ? .damaged(String(cString: strerror(errno))) : .bytes(bytes)
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
