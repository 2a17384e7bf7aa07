import CLinux
import Glibc

/// The words of the command line.
enum ProgramArguments {
    /// Without the program's own name. As the kernel has them: the runtime looks for them beside the environment, and finds
    /// nothing once a preloaded library has moved that.
    static func read() -> [String] {
        let file = clinux_open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC, 0)
        guard file >= 0 else { return Array(CommandLine.arguments.dropFirst()) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        // Each word ends with a zero, the last one too.
        let words = bytes.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        return words.dropFirst().map { String(decoding: $0, as: UTF8.self) }
    }
}
