import CLinux
import EventLoop
import Glibc

/// Notices at once when a path leads elsewhere: watches every folder on the way with inotify. Owned by one thread.
///
/// What it tells is a hint to look again; looking every few seconds finds the rest.
final class PortWatch {
    /// Readable when something has changed.
    let fileDescriptor: Int32

    /// What matters in a watched folder: these names, or all that begin with `tty` if it is where ports appear.
    private struct Folder {
        var names: Set<String> = []
        var wantsPorts = false
    }

    private var folders: [Int32: Folder] = [:]
    private static let linkDepthMax = 8

    /// Nil if the kernel has no more inotify instances for this user.
    init?() {
        fileDescriptor = inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC))
        if fileDescriptor < 0 { return nil }
    }

    deinit { close(fileDescriptor) }

    /// Watches the way to each of `paths`, and `/dev` for new ports if `discovers`; folders no longer on a way are let go.
    func watch(_ paths: some Sequence<String>, discovers: Bool) {
        var wanted: [Int32: Folder] = [:]
        for path in paths { follow(path, depth: 0, into: &wanted) }
        if discovers { add("/dev", { $0.wantsPorts = true }, into: &wanted) }
        for descriptor in folders.keys where wanted[descriptor] == nil { inotify_rm_watch(fileDescriptor, descriptor) }
        folders = wanted
    }

    /// Takes what has happened. True if a watched path may lead elsewhere now.
    func drain() -> Bool {
        var matters = false
        withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 8) { buffer in
            while true {
                let count = read(fileDescriptor, buffer.baseAddress, buffer.count)
                guard count > 0 else { return }
                if concerns(UnsafeRawBufferPointer(rebasing: buffer[..<count])) { matters = true }
            }
        }
        return matters
    }

    private func concerns(_ events: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        let headerCount = MemoryLayout<inotify_event>.size
        while offset + headerCount <= events.count {
            let event = events.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
            let name = events[(offset + headerCount)..<min(events.count, offset + headerCount + Int(event.len))]
            offset += headerCount + Int(event.len)
            if event.mask & UInt32(IN_Q_OVERFLOW) != 0 { return true }
            // An event of a folder that was let go meanwhile.
            guard let folder = folders[event.wd] else { continue }
            // Without a name it is the folder itself.
            if event.len == 0 { return true }
            let text = String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
            if folder.names.contains(text) || folder.wantsPorts && text.hasPrefix("tty") { return true }
        }
        return false
    }

    /// Adds the folder of `path` and, if it is a link, the way to what it points to; of a missing folder the nearest one
    /// that exists.
    private func follow(_ path: String, depth: Int, into wanted: inout [Int32: Folder]) {
        var path = path
        while let slash = path.lastIndex(of: "/") {
            let folder = slash == path.startIndex ? "/" : String(path[..<slash])
            let name = String(path[path.index(after: slash)...])
            if add(folder, { $0.names.insert(name) }, into: &wanted) {
                if depth < Self.linkDepthMax, let target = Self.target(of: path) {
                    follow(target.hasPrefix("/") ? target : folder + "/" + target, depth: depth + 1, into: &wanted)
                }
                return
            }
            if folder == "/" { return }
            path = folder
        }
    }

    @discardableResult
    private func add(_ path: String, _ note: (inout Folder) -> Void, into wanted: inout [Int32: Folder]) -> Bool {
        let mask =
            IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR
        let descriptor = inotify_add_watch(fileDescriptor, path, UInt32(mask))
        guard descriptor >= 0 else { return false }
        note(&wanted[descriptor, default: Folder()])
        return true
    }

    private static func target(of link: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink(link, base, buffer.count)
            return count > 0 ? String(decoding: buffer[..<count], as: UTF8.self) : nil
        }
    }
}
