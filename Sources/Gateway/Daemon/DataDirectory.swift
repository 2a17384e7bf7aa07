import CLinux
import Glibc

/// The data folder: made if it is missing, and held by one daemon at a time.
final class DataDirectory {
    let path: String
    /// Others read nothing, the group writes nothing.
    static let fileMask: mode_t = 0o026
    private let lock: Int32

    /// Makes the folder and takes its lock.
    init(_ path: String) throws(StartError) {
        umask(Self.fileMask)
        // Others may pass through, not look: the private broker runs as another user in a folder of its own below.
        if mkdir(path, 0o751) != 0, errno != EEXIST {
            throw .dataDirectory("\(path) cannot be made: \(String(cString: strerror(errno)))")
        }
        let file = path + "/daemon.lock"
        let lock = clinux_open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
        guard lock >= 0 else {
            throw .dataDirectory("\(file) cannot be opened: \(String(cString: strerror(errno)))")
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .dataDirectory("\(path) is used by another daemon")
        }
        self.path = path
        self.lock = lock
    }

    deinit { close(lock) }

    /// Gives all that is in a data folder to whom the folder belongs, where root has worked in it: the daemon runs as another
    /// user and must be able to open what root has made.
    static func handOver(_ path: String) {
        var folder = stat()
        guard geteuid() == 0 else { return }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, fstat(descriptor, &folder) == 0 else { return }
        give(descriptor, to: folder)
    }

    /// Never along a symbolic link: the folder is another user's, who could have pointed it anywhere. Closes the folder.
    private static func give(_ folder: Int32, to owner: stat) {
        guard let entries = fdopendir(folder) else {
            close(folder)
            return
        }
        defer { closedir(entries) }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            _ = fchownat(folder, name, owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW)
            let below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if below >= 0 { give(below, to: owner) }
        }
    }
}

/// Why the daemon did not start.
enum StartError: Error, CustomStringConvertible {
    case dataDirectory(String)
    case store(String)
    case secret(String)
    /// What the configuration asks for must not be done as things are.
    case configuration(String)

    var description: String {
        switch self {
        case .dataDirectory(let text), .store(let text), .secret(let text), .configuration(let text): text
        }
    }
}
