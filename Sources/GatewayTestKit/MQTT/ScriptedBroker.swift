import GatewayModel
import CLinux
import Glibc

/// A broker that a test plays packet by packet, so that it sees every byte a client lets out.
public final class ScriptedBroker: Sendable {
    public let port: UInt16
    private let listener: Int32

    /// Listens on 127.0.0.1. `port`: nil for a free one; that of an earlier broker to come back in its place.
    public init(port wanted: UInt16 = 0) throws(FileError) {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw .last("socket", "127.0.0.1") }
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = wanted.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let socket = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, size) == 0 && listen(socket, 16) == 0 && getsockname(socket, $0, &size) == 0
            }
        }
        guard bound else { throw .last("listen", "127.0.0.1:\(wanted)") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit { close(listener) }

    /// The next client that connects; nil if none does within `limit`.
    public func accept(within limit: Duration = .seconds(10)) -> Peer? {
        guard Self.isReadable(listener, within: limit) else { return nil }
        let socket = Glibc.accept(listener, nil, nil)
        return socket >= 0 ? Peer(socket: socket) : nil
    }

    /// As `accept`, and answers its CONNECT; what it sends next is for the test.
    public func welcome(resumed: Bool = false, within limit: Duration = .seconds(10)) -> Peer? {
        guard let peer = accept(within: limit), peer.next()?.kind == .connect else { return nil }
        peer.send(.connack(resumed: resumed))
        return peer
    }

    /// As `welcome`, and goes on as a broker does with the gateway's intake: takes its presence, grants what it subscribes.
    public func serveIntake(resumed: Bool = false) -> Peer? {
        guard let peer = welcome(resumed: resumed) else { return nil }
        guard let presence = peer.next(), presence.kind == .publish, let id = presence.id else { return nil }
        peer.send(.puback(id))
        guard peer.grantNext(), peer.grantNext() else { return nil }
        return peer
    }

    static func isReadable(_ descriptor: Int32, within limit: Duration) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, Int32(clamping: limit.milliseconds)) > 0
    }

    /// The broker's end of one connection. Belongs to the test's thread.
    public final class Peer {
        private let socket: Int32
        private var buffer: [UInt8] = []
        /// Every byte that has arrived.
        public private(set) var received: [UInt8] = []
        /// Whether the client has closed.
        public private(set) var isClosed = false

        init(socket: Int32) { self.socket = socket }

        deinit { close(socket) }

        /// The next packet of the client; nil if none is complete within `limit`, or it has closed.
        public func next(within limit: Duration = .seconds(10)) -> MQTTPacket? {
            while true {
                if let packet = MQTTPacket.take(from: &buffer) { return packet }
                guard !isClosed, ScriptedBroker.isReadable(socket, within: limit) else { return nil }
                var chunk = [UInt8](repeating: 0, count: 65_536)
                let count = read(socket, &chunk, chunk.count)
                guard count > 0 else {
                    isClosed = true
                    return nil
                }
                buffer.append(contentsOf: chunk[..<count])
                received.append(contentsOf: chunk[..<count])
            }
        }

        /// Sends a packet, or any bytes.
        public func send(_ packet: MQTTPacket) { send(packet.bytes) }

        /// Puts bytes on the wire as they are.
        public func send(_ bytes: [UInt8]) {
            var offset = 0
            while offset < bytes.count {
                let count = bytes[offset...].withUnsafeBytes {
                    Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                offset += count
            }
        }

        /// Answers the SUBSCRIBE that must come next, one reason for each filter.
        public func grant(_ reasons: [UInt8]) -> Bool {
            guard let packet = next(), packet.kind == .subscribe, let id = packet.id else { return false }
            send(.suback(id, reasons))
            return true
        }

        /// Grants all filters of the SUBSCRIBE that must come next.
        public func grantNext() -> Bool {
            guard let packet = next(), packet.kind == .subscribe, let id = packet.id else { return false }
            send(.suback(id, Array(repeating: 1, count: packet.filterCount)))
            return true
        }
    }
}
