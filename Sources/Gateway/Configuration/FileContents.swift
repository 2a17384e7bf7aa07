import CLinux
import Glibc

/// Why a file could not be read.
public enum FileError: Error, CustomStringConvertible {
    case system(Int32)
    case tooLarge(Int)

    public var description: String {
        switch self {
        case .system(let number): String(cString: strerror(number))
        case .tooLarge(let max): "more than \(max) bytes"
        }
    }
}

/// Small whole files: the configuration, secrets, captures.
public enum FileContents {
    /// The whole file, `-` for standard input.
    public static func read(_ path: String, byteCountMax: Int) throws(FileError) -> [UInt8] {
        let descriptor = path == "-" ? dup(STDIN_FILENO) : clinux_open(path, O_RDONLY | O_CLOEXEC, 0)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            var failure: Int32 = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                let got = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
                if got < 0 { failure = errno }
                count = max(0, got)
            }
            guard failure == 0 else { throw .system(failure) }
            if chunk.isEmpty { return bytes }
            bytes.append(contentsOf: chunk)
            if bytes.count > byteCountMax { throw .tooLarge(byteCountMax) }
        }
    }
}
