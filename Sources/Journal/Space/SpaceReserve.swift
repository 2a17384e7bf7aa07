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
    private let held: Mutex<Int64>

    /// Takes over the reserve of `folder`, or makes it if there is room.
    public init(folder: String) {
        path = folder + "/reserve"
        let total = DiskSpace.of(folder)?.total ?? 0
        target = min(16 << 20, total / 20)
        let found = Self.allocated(path)
        // What was there for a larger disk is too much for this one.
        if found > target + 4_096 { truncate(path, Int(target)) }
        held = Mutex(min(found, target))
        if !isWhole { restore(sparing: target) }
    }

    /// Bytes kept back now.
    public var bytes: Int64 { held.withLock { $0 } }

    /// Whether all of it is there.
    public var isWhole: Bool { bytes >= target }

    /// What is missing of it.
    public var missing: Int64 { max(0, target - bytes) }

    /// Gives up what is held. Whether there was something to give up.
    @discardableResult
    public func release() -> Bool {
        held.withLock { held in
            guard held > 0, truncate(path, 0) == 0 else { return false }
            held = 0
            return true
        }
    }

    /// Takes what is missing if that leaves `sparing` bytes to everybody else. Whether the reserve is whole afterwards.
    @discardableResult
    public func restore(sparing: Int64) -> Bool {
        held.withLock { held in
            let missing = target - held
            guard missing > 0 else { return true }
            guard let space = DiskSpace.of(path) ?? DiskSpace.of(folder), space.available >= missing + sparing else {
                return false
            }
            let descriptor = clinux_open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else { return false }
            defer { close(descriptor) }
            let result = posix_fallocate(descriptor, 0, Int(target))
            if result == 0 {
                held = target
                return true
            }
            // Half a reserve would be counted as none: what was held before stays.
            ftruncate(descriptor, Int(held))
            // A file system that cannot allocate ahead has no reserve; nobody shall wait for it.
            return result != ENOSPC && result != EDQUOT
        }
    }

    private var folder: String { String(path.dropLast("/reserve".utf8.count)) }

    /// Bytes that the file really takes: a sparse one reserves nothing.
    private static func allocated(_ path: String) -> Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else { return 0 }
        return min(Int64(status.st_size), Int64(status.st_blocks) * 512)
    }
}
