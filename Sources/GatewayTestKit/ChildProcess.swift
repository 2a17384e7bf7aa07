import CLinux
import Glibc
import Synchronization

/// A program started by a test or a simulation: its output goes to a file, and it is killed when this is released.
public final class ChildProcess: Sendable {
    public let id: Int32
    /// How it ended: an exit status, or the negated signal; nil while it runs.
    private let ending: Mutex<Int32?> = Mutex(nil)

    /// Starts `program` (a path, or a name found in `PATH`).
    ///
    /// - Parameters:
    ///   - output: the file that standard output and standard error are appended to; nil keeps the parent's.
    ///   - environment: laid over the parent's environment.
    public init(
        _ program: String, _ arguments: [String], output: String? = nil, environment: [String: String] = [:]
    ) throws(FileError) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if let output {
            posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
            posix_spawn_file_actions_adddup2(&actions, 1, 2)
        }
        // What this process blocks or ignores must not be what the program starts with.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var process = pid_t()
        let code = Self.withCStrings([program] + arguments) { argv in
            Self.withCStrings(Self.merged(environment)) { envp in
                posix_spawnp(&process, program, &actions, &attributes, argv, envp)
            }
        }
        guard code == 0 else { throw FileError(operation: "start", path: program, code: code) }
        id = process
    }

    deinit {
        kill(SIGKILL)
        _ = waitForExit()
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { poll() == nil }

    /// Sends a signal if the process still runs.
    public func kill(_ signal: Int32) {
        ending.withLock { if $0 == nil { _ = Glibc.kill(id, signal) } }
    }

    /// Waits until it has ended: its exit status, or the negated signal that ended it.
    @discardableResult
    public func waitForExit() -> Int32 {
        while true {
            if let ended = ending.withLock({ $0 }) { return ended }
            // Only looks: the lock must not be held while waiting, or kill() could not interrupt it.
            var info = siginfo_t()
            _ = waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT)
            _ = poll()
        }
    }

    /// Asks it to stop with SIGTERM, and makes it stop when it has not after `limit`.
    @discardableResult
    public func stop(within limit: Duration = .seconds(5)) -> Int32 {
        kill(SIGTERM)
        if let ended = waitForExit(within: limit) { return ended }
        kill(SIGKILL)
        return waitForExit()
    }

    /// Waits for the end no longer than `limit`; nil if it still runs.
    public func waitForExit(within limit: Duration) -> Int32? {
        guard Eventually.holds(within: limit, { poll() != nil }) else { return nil }
        return poll()
    }

    private func poll() -> Int32? {
        ending.withLock { ending in
            if let ending { return ending }
            var status: Int32 = 0
            guard waitpid(id, &status, WNOHANG) == id else { return nil }
            let signal = status & 0x7F
            ending = signal == 0 ? (status >> 8) & 0xFF : -signal
            return ending
        }
    }

    private static func merged(_ environment: [String: String]) -> [String] {
        var merged: [String: String] = [:]
        // `environ` is shared mutable state to the compiler; without /proc the program starts with `environment` alone.
        let inherited = (try? File.bytes("/proc/self/environ")) ?? []
        for entry in inherited.split(separator: 0) {
            let parts = entry.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { continue }
            merged[String(decoding: parts[0], as: UTF8.self)] = String(decoding: parts[1], as: UTF8.self)
        }
        return merged.merging(environment) { $1 }.map { "\($0)=\($1)" }
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var pointers = strings.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        return pointers.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress else {
                preconditionFailure("the list ends with a nil, so it has a start")
            }
            return body(start)
        }
    }
}
