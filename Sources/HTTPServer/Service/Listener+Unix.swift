internal import CWebSockets
internal import Glibc

extension Listener {
    /// Binds under a temporary name and renames: the file appears with its rights and its group, already listening, and
    /// takes the place of one left behind by a process that died.
    static func openUnix(path: String, mode: UInt32, group: String?) throws(HTTPServerError) -> Listener {
        let endpoint = "unix:\(path)"
        let temporary = path + "~"
        if isAnswering(path) { throw .socketInUse(path: path) }
        let descriptor = cws_socket(AF_UNIX)
        guard descriptor >= 0 else { throw .cannotListen(endpoint: endpoint, reason: Errno.text(errno)) }
        do throws(HTTPServerError) {
            guard var address = unixAddress(temporary) else {
                throw .cannotListen(endpoint: endpoint, reason: "the path is longer than a socket's may be")
            }
            _ = unlink(temporary)
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            try check(endpoint, withSocketAddress(&address) { bind(descriptor, $0, length) })
            try check(endpoint, chmod(temporary, mode_t(mode)))
            if let group {
                guard let id = groupID(group) else {
                    throw .cannotListen(endpoint: endpoint, reason: "there is no group \(group)")
                }
                try check(endpoint, chown(temporary, uid_t.max, id))
            }
            try check(endpoint, Glibc.listen(descriptor, 64))
            try check(endpoint, rename(temporary, path))
        } catch {
            _ = Glibc.close(descriptor)
            _ = unlink(temporary)
            throw error
        }
        return Listener(descriptor: descriptor, path: path)
    }

    private static func check(_ endpoint: String, _ status: Int32) throws(HTTPServerError) {
        guard status == 0 else { throw .cannotListen(endpoint: endpoint, reason: Errno.text(errno)) }
    }

    /// Whether a living process accepts connections on this file.
    private static func isAnswering(_ path: String) -> Bool {
        guard var address = unixAddress(path) else { return false }
        let descriptor = cws_socket(AF_UNIX)
        guard descriptor >= 0 else { return false }
        defer { _ = Glibc.close(descriptor) }
        let length = socklen_t(MemoryLayout<sockaddr_un>.size)
        // EAGAIN: its queue is full, so it lives.
        return withSocketAddress(&address) { connect(descriptor, $0, length) } == 0 || errno == EAGAIN
    }

    /// Nil if the path does not fit.
    private static func unixAddress(_ path: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }

    private static func withSocketAddress(
        _ address: inout sockaddr_un, _ body: (UnsafeMutablePointer<sockaddr>) -> Int32
    ) -> Int32 {
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }

    private static func groupID(_ name: String) -> gid_t? {
        var entry = group()
        var found: UnsafeMutablePointer<group>?
        var buffer = [CChar](repeating: 0, count: 16 * 1024)
        guard getgrnam_r(name, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return entry.gr_gid
    }
}
