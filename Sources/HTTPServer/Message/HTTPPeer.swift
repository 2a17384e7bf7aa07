/// Who is at the other end of a connection, as the kernel tells it: nothing here was said by the client.
public enum HTTPPeer: Sendable, Equatable {
    /// A numeric IPv4 or IPv6 address without port; an IPv4-mapped IPv6 address is given as IPv4.
    case tcp(address: String, isLoopback: Bool)
    /// The process that connected, as it was then (`SO_PEERCRED`), with its supplementary groups.
    case unix(uid: UInt32, gid: UInt32, groups: [UInt32], pid: Int32)

    var isUnix: Bool {
        if case .unix = self { return true }
        return false
    }
}
