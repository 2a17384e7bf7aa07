internal import CLinux
internal import Glibc

/// Where a datagram came from or goes to: the bytes of a `sockaddr`.
public struct DatagramPeer: Hashable, Sendable {
    var bytes: [UInt8]

    /// An address as text and a port; nil unless the text is an IPv4 or IPv6 address.
    public init?(host: String, port: Int) {
        guard let port = UInt16(exactly: port) else { return nil }
        var four = sockaddr_in()
        if inet_pton(AF_INET, host, &four.sin_addr) == 1 {
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            bytes = withUnsafeBytes(of: &four) { Array($0) }
            return
        }
        var six = sockaddr_in6()
        guard inet_pton(AF_INET6, host, &six.sin6_addr) == 1 else { return nil }
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        bytes = withUnsafeBytes(of: &six) { Array($0) }
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    var family: Int32 {
        bytes.count >= 2 ? Int32(UInt16(bytes[0]) | UInt16(bytes[1]) << 8) : AF_UNSPEC
    }

    /// The port; 0 if there is none.
    public var port: Int { bytes.count >= 4 ? Int(bytes[2]) << 8 | Int(bytes[3]) : 0 }

    /// The address alone, for people.
    public var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let offset = family == AF_INET6 ? 8 : 4
        guard bytes.count >= (family == AF_INET6 ? 28 : 16) else { return "-" }
        let found = bytes.withUnsafeBytes { raw -> Bool in
            guard let base = raw.baseAddress else { return false }
            return inet_ntop(family, base + offset, &text, socklen_t(text.count)) != nil
        }
        return found ? String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) : "-"
    }
}

/// A UDP socket that does not block. Owned and used by one thread.
public final class DatagramSocket {
    /// For `Poller`. Belongs to this object.
    public let fileDescriptor: Int32

    /// Listens on an address. Throws what the system refuses: an address that is not ours, a port that is taken.
    public init(listeningOn peer: DatagramPeer) throws(LoRaIntakeError) {
        let kind = SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        let descriptor = socket(peer.family, Int32(kind), 0)
        guard descriptor >= 0 else { throw .cannotListen("\(peer.host):\(peer.port)", errno: errno) }
        fileDescriptor = descriptor
        // A burst of all gateways must not be lost while a commit is waited for; the kernel may grant less.
        var room = Int32(4 << 20)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        guard Self.withAddress(peer, { bind(descriptor, $0, $1) }) == 0 else {
            let number = errno
            close(descriptor)
            throw .cannotListen("\(peer.host):\(peer.port)", errno: number)
        }
    }

    deinit { close(fileDescriptor) }

    /// The port that was given out, if 0 was asked for.
    public var port: Int {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let found = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(fileDescriptor, $0, &length) }
        }
        guard found == 0 else { return 0 }
        return DatagramPeer(bytes: withUnsafeBytes(of: &storage) { Array($0.prefix(Int(length))) }).port
    }

    /// Reads one datagram into `buffer`; nil if none waits.
    public func receive(into buffer: UnsafeMutableRawBufferPointer) -> (count: Int, peer: DatagramPeer)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let count = withUnsafeMutablePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                recvfrom(fileDescriptor, buffer.baseAddress, buffer.count, 0, $0, &length)
            }
        }
        guard count >= 0 else { return nil }
        return (count, DatagramPeer(bytes: withUnsafeBytes(of: &storage) { Array($0.prefix(Int(length))) }))
    }

    /// Sends one datagram; false if the kernel does not take it now.
    @discardableResult
    public func send(_ bytes: [UInt8], to peer: DatagramPeer) -> Bool {
        Self.withAddress(peer) { address, length in
            sendto(fileDescriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length) == bytes.count
        }
    }

    private static func withAddress<R>(
        _ peer: DatagramPeer, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
    ) -> R {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { $0.copyBytes(from: peer.bytes.prefix($0.count)) }
        return withUnsafePointer(to: &storage) { storage in
            storage.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(peer.bytes.count)) }
        }
    }
}

/// Why the intake of packet forwarders cannot work.
public enum LoRaIntakeError: Error, Sendable, CustomStringConvertible {
    case cannotListen(String, errno: Int32)

    public var description: String {
        switch self {
        case .cannotListen(let address, let number):
            "UDP \(address): \(String(cString: strerror(number)))"
        }
    }
}
