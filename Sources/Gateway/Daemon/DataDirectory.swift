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
