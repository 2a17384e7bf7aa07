internal import CLinux
internal import Glibc
internal import Synchronization

/// Space that is kept back for the day when the disk is full: a file of allocated blocks, given up so that `state.db`, the
/// audit and the events can still be written, and taken again when there is room.
///
/// May be used from any thread.
public final class SpaceReserve: Sendable {
    /// The file.
    public let path: String
    /// What is kept back when there is room for it: a twentieth of the disk, at most 16 MiB.
    public let target: Int64
    private let state: Mutex<State>

    private struct State {
        var bytes: Int64
        /// Why there can be none, until the file can be opened.
        var trouble: String?
    }

    /// Takes over the reserve of `folder`, or makes it if there is room.
    public init(folder: String) {
        path = folder + "/reserve"
        let total = DiskSpace.of(folder)?.total ?? 0
        target = min(16 << 20, total / 20)
        let found = Self.allocated(path)
        // What was there for a larger disk is too much for this one.
        if found > target + 4_096 { truncate(path, Int(target)) }
        // One that belongs to somebody else could not be given up: it keeps nothing back for us.
        let isOurs = found == 0 || access(path, W_OK) == 0
        state = Mutex(State(bytes: isOurs ? min(found, target) : 0))
        if !isWhole { restore(sparing: target) }
    }

    /// Bytes kept back now.
    public var bytes: Int64 { state.withLock { $0.bytes } }

    /// Why there is no reserve and nothing waits for one: the file cannot be opened. Nil as long as it can.
    public var trouble: String? { state.withLock { $0.trouble } }

    /// Whether all of it is there.
    public var isWhole: Bool { bytes >= target }

    /// What is missing of it and room has to be made for.
    public var missing: Int64 { state.withLock { $0.trouble == nil ? max(0, target - $0.bytes) : 0 } }

    /// Gives up what is held. Whether there was something to give up.
    @discardableResult
    public func release() -> Bool {
        state.withLock { state in
            guard state.bytes > 0, truncate(path, 0) == 0 else { return false }
            state.bytes = 0
            return true
        }
    }

    /// Takes what is missing if that leaves `sparing` bytes to everybody else. Whether the reserve is whole afterwards, or
    /// cannot be had at all: then nobody shall wait for it.
    @discardableResult
    public func restore(sparing: Int64) -> Bool {
        state.withLock { state in
            let missing = target - state.bytes
            guard missing > 0 else { return true }
            let descriptor = clinux_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else {
                if errno == ENOSPC || errno == EDQUOT { return false }
                state = State(bytes: 0, trouble: "\(path) cannot be opened: \(String(cString: strerror(errno)))")
                return true
            }
            defer { close(descriptor) }
            state.trouble = nil
            guard let space = DiskSpace.of(path), space.available >= missing + sparing else { return false }
            let result = posix_fallocate(descriptor, 0, Int(target))
            if result == 0 {
                state.bytes = target
                return true
            }
            // Half a reserve would be counted as none: what was held before stays.
            ftruncate(descriptor, Int(state.bytes))
            // A file system that cannot allocate ahead has no reserve.
            return result != ENOSPC && result != EDQUOT
        }
    }

    /// Bytes that the file really takes: a sparse one reserves nothing.
    private static func allocated(_ path: String) -> Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return min(Int64(status.st_size), Int64(status.st_blocks) * 512)
    }
}
