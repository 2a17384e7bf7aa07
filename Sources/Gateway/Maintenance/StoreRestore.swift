import CLinux
import GatewayModel
import Glibc
import Journal
import SQLite

/// Puts a backup in an empty data folder, of this box or another. The daemon that starts on it begins a new epoch: what
/// was stored after the backup may have been read by others already, so its numbers must not come to mean something else.
public struct StoreRestore {
    /// What was put in place.
    public private(set) var files = 0
    public private(set) var bytes: Int64 = 0
    private let archive: Int32
    private let folder: String

    /// Durable on return. Needs the data folder for itself: no daemon may run on it.
    public static func run(_ file: String, dataDirectory: String) throws -> StoreRestore {
        let held = try DataDirectory(dataDirectory)
        // To whom the folder belongs: the daemon's user, where root restores.
        defer { withExtendedLifetime(held) { DataDirectory.handOver($0.path) } }
        for name in ["state.db", "journal"] where access("\(dataDirectory)/\(name)", F_OK) == 0 {
            throw MaintenanceError("\(dataDirectory) holds a store already: move \(name) away, or name another folder")
        }
        let archive = open(file, O_RDONLY | O_CLOEXEC)
        guard archive >= 0 else { throw MaintenanceError.last("cannot open \(file)") }
        defer { close(archive) }
        var restore = StoreRestore(archive: archive, folder: held.path + "/restoring")
        removeTree(restore.folder)
        defer { removeTree(restore.folder) }
        guard mkdir(restore.folder, 0o750) == 0 else { throw MaintenanceError.last("cannot make \(restore.folder)") }
        try restore.extractAll(file)
        try restore.forgetEpoch()
        try restore.moveIn(dataDirectory)
        return restore
    }

    private init(archive: Int32, folder: String) {
        self.archive = archive
        self.folder = folder
    }

    private mutating func extractAll(_ file: String) throws(MaintenanceError) {
        var hasState = false
        while true {
            let block = try take(TarHeader.size)
            if block.allSatisfy({ $0 == 0 }) { break }
            guard let header = TarHeader(block), Self.belongs(header.name) else {
                throw MaintenanceError("\(file) is no backup of a gateway, or is damaged")
            }
            hasState = hasState || header.name == "state.db"
            try extract(header)
        }
        guard hasState else { throw MaintenanceError("\(file) is no backup of a gateway: it has no state.db") }
    }

    /// Nothing else is written, whatever an archive claims to hold.
    private static func belongs(_ name: String) -> Bool {
        if name == "state.db" { return true }
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "journal", StreamName(rawValue: String(parts[1])) != nil,
            parts[2].hasSuffix(".db")
        else { return false }
        return parts[2].dropLast(3).count >= 16 && parts[2].dropLast(3).utf8.allSatisfy { (48..<58).contains($0) }
    }

    private mutating func extract(_ header: TarHeader) throws(MaintenanceError) {
        var path = folder
        for part in header.name.split(separator: "/").dropLast() {
            path += "/" + part
            guard mkdir(path, 0o750) == 0 || errno == EEXIST else { throw .last("cannot make \(path)") }
        }
        path = folder + "/" + header.name
        let output = clinux_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o640)
        guard output >= 0 else { throw .last("cannot make \(path)") }
        defer { close(output) }
        var left = header.byteCount
        while left > 0 {
            let chunk = try take(Int(min(left, 1 << 20)))
            guard write(output, chunk, chunk.count) == chunk.count else { throw .last("cannot write \(path)") }
            left -= Int64(chunk.count)
        }
        _ = try take(TarHeader.padding(header.byteCount))
        guard fsync(output) == 0 else { throw .last("cannot sync \(path)") }
        files += 1
        bytes += header.byteCount
    }

    private func take(_ count: Int) throws(MaintenanceError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let done = bytes.withUnsafeMutableBytes {
                read(archive, $0.baseAddress.map { $0 + filled }, count - filled)
            }
            if done < 0, errno == EINTR { continue }
            guard done >= 0 else { throw .last("cannot read the backup") }
            guard done > 0 else { throw MaintenanceError("the backup ends in the middle") }
            filled += done
        }
        return bytes
    }

    private func forgetEpoch() throws(MaintenanceError) {
        do throws(SQLiteError) {
            let connection = try Connection(path: folder + "/state.db", access: .readWrite)
            try connection.run("DELETE FROM journal_epoch")
        } catch { throw MaintenanceError("the state.db of the backup cannot be used: \(error)") }
    }

    /// The state last: before it, the folder is one without a store, in which the journal begins a new epoch as well.
    private func moveIn(_ dataDirectory: String) throws(MaintenanceError) {
        // Before it is in place too: a power cut must not leave a store there that the daemon cannot open.
        DataDirectory.handOver(dataDirectory)
        Self.sync(folder)
        for name in ["journal", "state.db"] where access("\(folder)/\(name)", F_OK) == 0 {
            guard FileCalls.rename("\(folder)/\(name)", to: "\(dataDirectory)/\(name)") == 0 else {
                throw .last("cannot move \(name)")
            }
            guard FileCalls.syncFolder(dataDirectory) == 0 else { throw .last("cannot sync \(dataDirectory)") }
        }
    }

    /// The folders below, so that none is moved in without what is in it.
    private static func sync(_ path: String) {
        for name in Folder.names(in: path) { sync("\(path)/\(name)") }
        if FileCalls.syncFolder(path) != 0 { return }
    }

    private static func removeTree(_ path: String) {
        for name in Folder.names(in: path) { removeTree("\(path)/\(name)") }
        if unlink(path) != 0 { rmdir(path) }
    }
}
