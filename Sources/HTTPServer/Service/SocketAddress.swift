internal import CWebSockets
internal import Glibc

/// What this server needs to know of socket addresses.
enum SocketAddress {
    static func withPointer<R>(
        to storage: inout sockaddr_storage, _ body: (UnsafeMutablePointer<sockaddr>) -> R
    ) -> R {
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
    }

    static func port(of storage: sockaddr_storage) -> UInt16 {
        withUnsafeBytes(of: storage) { UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)) }
    }

    /// The port stands at the same place in IPv4 and IPv6 addresses.
    static func setPort(_ port: UInt16, in storage: inout sockaddr_storage) {
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self) }
    }

    /// The peer of a TCP connection by its numeric address.
    static func tcpPeer(_ storage: sockaddr_storage, _ length: socklen_t) -> HTTPPeer {
        var storage = storage
        var text = [CChar](repeating: 0, count: 64)
        let status = withPointer(to: &storage) {
            getnameinfo($0, length, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
        }
        guard status == 0 else { return .tcp(address: "unknown", isLoopback: false) }
        var address = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if address.hasPrefix("::ffff:"), address.contains(".") { address.removeFirst(7) }
        return .tcp(address: address, isLoopback: address == "::1" || address.hasPrefix("127."))
    }

    /// The process at the other end of a Unix connection; nil if the kernel does not tell.
    static func unixPeer(_ descriptor: Int32) -> HTTPPeer? {
        var credentials = cws_credentials()
        guard cws_peer_credentials(descriptor, &credentials) == 0 else { return nil }
        // More groups than this are not told at all, and then count as none.
        var groups = [UInt32](repeating: 0, count: 256)
        let count = Int(cws_peer_groups(descriptor, &groups, UInt32(groups.count)))
        return .unix(
            uid: credentials.uid, gid: credentials.gid, groups: Array(groups.prefix(max(0, count))),
            pid: credentials.pid)
    }
}
