internal import CLinux
internal import Glibc

/// Asks the kernel for TCP ports of 127.0.0.1.
enum LoopbackPort {
    /// One that nobody listens on now.
    static func free() -> UInt16? { bound(0) }

    static func isFree(_ port: UInt16) -> Bool { port != 0 && bound(port) != nil }

    /// Binds and releases `port` (0: any) and returns which it was; nil if it is taken.
    private static func bound(_ port: UInt16) -> UInt16? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { return nil }
        defer { close(socket) }
        // As the broker does: connections in TIME_WAIT do not keep a port from being listened on again.
        var yes: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, size) == 0 && getsockname(socket, address, &size) == 0
            }
        }
        return result ? UInt16(bigEndian: address.sin_port) : nil
    }
}
