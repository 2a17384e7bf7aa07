internal import CLinux
internal import Glibc
internal import Synchronization

/// A small HTTP server for peers in tests: one thread, one epoll, no code shared with the gateway's own server.
final class PeerServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let waker: Int32
    private let stopping = Atomic<Bool>(false)
    private let thread: Mutex<pthread_t?>
    /// Connections since the start.
    let accepted = Atomic<Int>(0)

    /// Listens on `address` (a dotted IPv4 address) and answers with `respond`, which runs on the server's thread.
    init(
        address: String, port: UInt16, respond: @escaping @Sendable (PeerRequest, UnsafeRawBufferPointer) -> PeerReply
    ) throws {
        waker = eventfd(0, Int32(EFD_NONBLOCK))
        (listener, self.port) = try Self.listen(address, port)
        thread = Mutex(nil)
        let loop = Unmanaged.passRetained(Loop(server: self, respond: respond))
        var made = pthread_t()
        let result = pthread_create(
            &made, nil,
            { context in
                guard let context else { return nil }
                _ = "stand-in".withCString { clinux_prctl(PR_SET_NAME, UInt(bitPattern: $0)) }
                Unmanaged<Loop>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, loop.toOpaque())
        guard result == 0 else {
            loop.release()
            throw PeerError.system("pthread_create", result)
        }
        thread.withLock { $0 = made }
    }

    private static func listen(_ address: String, _ port: UInt16) throws -> (descriptor: Int32, port: UInt16) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard listener >= 0 else { throw PeerError.system("socket", errno) }
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound =
            inet_pton(AF_INET, address, &name.sin_addr) == 1
            && withUnsafeMutablePointer(to: &name) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(listener, address, length) == 0 && Glibc.listen(listener, 512) == 0
                        && getsockname(listener, address, &length) == 0
                }
            }
        guard isBound else {
            let number = errno
            close(listener)
            throw PeerError.system("bind \(address):\(port)", number)
        }
        return (listener, UInt16(bigEndian: name.sin_port))
    }

    /// Closes every connection and the port; returns when the thread has ended. May be called again.
    func stop() {
        stopping.store(true, ordering: .releasing)
        let made = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        guard let made else { return }
        eventfd_write(waker, 1)
        pthread_join(made, nil)
    }

    enum PeerError: Error {
        case system(String, Int32)
    }

    private final class Loop {
        let server: PeerServer
        let respond: (PeerRequest, UnsafeRawBufferPointer) -> PeerReply
        var connections: [Int32: PeerConnection] = [:]
        var waiting: Set<Int32> = []

        init(server: PeerServer, respond: @escaping (PeerRequest, UnsafeRawBufferPointer) -> PeerReply) {
            self.server = server
            self.respond = respond
        }

        func run() {
            let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
            watch(epoll, server.listener)
            watch(epoll, server.waker)
            var events = [epoll_event](repeating: epoll_event(), count: 256)
            while !server.stopping.load(ordering: .acquiring) {
                let count = epoll_wait(epoll, &events, Int32(events.count), waiting.isEmpty ? -1 : 1)
                for event in events.prefix(Int(max(0, count))) {
                    let descriptor = event.data.fd
                    if descriptor == server.listener {
                        accept(epoll)
                    } else if let connection = connections[descriptor] {
                        update(connection, connection.readable(respond))
                    }
                }
                for descriptor in waiting {
                    if let connection = connections[descriptor] { update(connection, connection.timePassed(respond)) }
                }
            }
            for connection in connections.values { close(connection.descriptor) }
            close(server.listener)
            close(server.waker)
            close(epoll)
        }

        private func accept(_ epoll: Int32) {
            while true {
                let descriptor = Glibc.accept(server.listener, nil, nil)
                guard descriptor >= 0 else { return }
                _ = clinux_fcntl(descriptor, F_SETFL, O_NONBLOCK)
                var one: Int32 = 1
                setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
                server.accepted.add(1, ordering: .relaxed)
                connections[descriptor] = PeerConnection(descriptor)
                watch(epoll, descriptor)
            }
        }

        private func update(_ connection: PeerConnection, _ state: PeerConnection.State) {
            switch state {
            case .open: waiting.remove(connection.descriptor)
            case .waiting: waiting.insert(connection.descriptor)
            case .closed:
                waiting.remove(connection.descriptor)
                connections[connection.descriptor] = nil
                close(connection.descriptor)
            }
        }

        private func watch(_ epoll: Int32, _ descriptor: Int32) {
            var event = epoll_event()
            event.events = EPOLLIN.rawValue
            event.data.fd = descriptor
            epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event)
        }
    }
}
