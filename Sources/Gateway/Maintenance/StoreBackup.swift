import CLinux
import GatewayModel
import Glibc
import Journal
import SQLite

/// Copies `state.db` and the journal into one archive while the daemon goes on.
public struct StoreBackup {
    /// What was copied.
    public private(set) var files = 0
    public private(set) var bytes: Int64 = 0
    private let archive: Int32
    private let scratch: String
    private let now: Int64

    /// Writes the archive, readable by its owner alone since it holds tokens and keys. Durable on return.
    ///
    /// - Parameter now: seconds since 1970, for the dates in the archive.
    public static func write(dataDirectory: String, to file: String, now: Int64) throws(MaintenanceError) -> StoreBackup
    {
        let partial = file + ".partial"
        let archive = clinux_open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard archive >= 0 else { throw .last("cannot make \(partial)") }
        defer { close(archive) }
        var backup = StoreBackup(archive: archive, scratch: file + ".copying", now: now)
        do throws(MaintenanceError) {
            try backup.copyAll(dataDirectory)
            guard fsync(archive) == 0 else { throw .last("cannot sync \(partial)") }
            guard rename(partial, file) == 0 else { throw .last("cannot move \(partial)") }
        } catch {
            unlink(partial)
            unlink(backup.scratch)
            throw error
        }
        return backup
    }

    private init(archive: Int32, scratch: String, now: Int64) {
        self.archive = archive
        self.scratch = scratch
        self.now = now
    }

    private mutating func copyAll(_ dataDirectory: String) throws(MaintenanceError) {
        let state = dataDirectory + "/state.db"
        guard access(state, F_OK) == 0 else { throw MaintenanceError("there is no store in \(dataDirectory)") }
        // First, so that no cursor in it is ahead of the records.
        try addCopy(of: state, as: "state.db")
        for stream in StreamName.allCases {
            let folder = "\(dataDirectory)/journal/\(stream.rawValue)"
            for name in Folder.names(in: folder).filter({ $0.hasSuffix(".db") }).sorted() {
                let path = "\(folder)/\(name)"
                let entry = "journal/\(stream.rawValue)/\(name)"
                if Self.isOneFile(path) { try add(path, as: entry) } else { try addCopy(of: path, as: entry) }
            }
        }
        try put([UInt8](repeating: 0, count: 2 * TarHeader.size))
    }

    /// Whether all of the database is in the file, and nobody writes it: a sealed segment.
    private static func isOneFile(_ path: String) -> Bool {
        guard access(path + "-wal", F_OK) != 0, access(path + "-journal", F_OK) != 0 else { return false }
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var versions: (UInt8, UInt8) = (0, 0)
        return pread(file, &versions, 2, 18) == 2 && versions == (1, 1)
    }

    /// As the database is at this moment, whoever writes it meanwhile.
    private mutating func addCopy(of path: String, as name: String) throws(MaintenanceError) {
        unlink(scratch)
        do throws(SQLiteError) {
            try Connection(path: path, access: .readOnly).run("VACUUM INTO ?", .text(scratch))
        } catch {
            // Evicted since its name was read.
            if error.code == .cannotOpen, access(path, F_OK) != 0 { return }
            throw MaintenanceError("\(path) cannot be copied: \(error)")
        }
        try add(scratch, as: name)
        unlink(scratch)
    }

    private mutating func add(_ path: String, as name: String) throws(MaintenanceError) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            // As above.
            if errno == ENOENT { return }
            throw .last("cannot open \(path)")
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .last("cannot look at \(path)") }
        let size = Int64(status.st_size)
        guard let header = TarHeader(name: name, byteCount: size, modified: now).bytes else {
            throw MaintenanceError("the name \(name) is too long")
        }
        try put(header)
        var left = size
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while left > 0 {
            let count = read(file, &chunk, min(chunk.count, Int(left)))
            guard count > 0 else { throw .last("cannot read \(path)") }
            try put(count == chunk.count ? chunk : Array(chunk[..<count]))
            left -= Int64(count)
        }
        try put([UInt8](repeating: 0, count: TarHeader.padding(size)))
        files += 1
        bytes += size
    }

    private func put(_ bytes: [UInt8]) throws(MaintenanceError) {
        var offset = 0
        let total = bytes.count
        while offset < total {
            let done = bytes.withUnsafeBytes {
                Glibc.write(archive, $0.baseAddress.map { $0 + offset }, total - offset)
            }
            if done < 0, errno == EINTR { continue }
            guard done > 0 else { throw .last("cannot write the archive") }
            offset += done
        }
    }
}
