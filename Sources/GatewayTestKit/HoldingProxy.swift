internal import EventLoop
internal import Glibc

/// A TCP proxy on loopback that can hold back what clients send, and deliver it later: also when the client has long gone, as
/// a network does with packets that took another way.
public final class HoldingProxy: Sendable {
    private struct Switch {
        var isHolding = false
        var isClosed = false
        /// Bytes that clients sent and the server has not got.
        var heldCount = 0
    }

    /// Where it listens on 127.0.0.1.
    public let port: Int
    private let listener: Int32
    private let state = Monitor(Switch())

    /// Connects each client to `target` on 127.0.0.1.
    public init(to target: Int) throws {
        let chosen = try LoopbackPort.free()
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw FileError.last("socket", "127.0.0.1") }
        var one: Int32 = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let isListening = LoopbackPort.withAddress(port: chosen) {
            bind(socket, $0, $1) == 0 && listen(socket, 16) == 0
        }
        guard isListening else {
            close(socket)
            throw FileError.last("listen", "127.0.0.1:\(chosen)")
        }
        port = chosen
        listener = socket
        let state = state
        try DedicatedThread.start(named: "proxy") {
            while true {
                let client = accept(socket, nil, nil)
                guard client >= 0 else { break }
                // A client that cannot be served is closed: it sees what it would see of a dead server.
                do { try Self.serve(client, target, state) } catch { close(client) }
            }
        }
    }

    deinit {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// From now on nothing that clients send arrives.
    public func hold() { state.withLock { $0.isHolding = true } }

    /// Everything that was held arrives, and what follows.
    public func release() { state.withLock { $0.isHolding = false } }

    /// How much is held.
    public var heldCount: Int { state.withLock { $0.heldCount } }

    private static func serve(_ client: Int32, _ target: Int, _ state: Monitor<Switch>) throws {
        let server = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let isConnected = LoopbackPort.withAddress(port: target) { connect(server, $0, $1) == 0 }
        guard isConnected else {
            close(server)
            throw FileError.last("connect", "127.0.0.1:\(target)")
        }
        let waiting = Monitor((bytes: [UInt8](), hasEnded: false))
        try DedicatedThread.start(named: "proxy-in") {
            copy(from: client) { bytes in
                state.withLock { $0.heldCount += bytes.count }
                waiting.withLock { $0.bytes += bytes }
                return true
            }
            waiting.withLock { $0.hasEnded = true }
        }
        try DedicatedThread.start(named: "proxy-through") {
            while !state.withLock({ $0.isClosed }) {
                guard waiting.wait(limit: .milliseconds(200), until: { !$0.bytes.isEmpty || $0.hasEnded }),
                    state.wait(limit: .milliseconds(200), until: { !$0.isHolding || $0.isClosed })
                else { continue }
                let (bytes, hasEnded) = waiting.withLock { waiting in
                    defer { waiting.bytes = [] }
                    return (waiting.bytes, waiting.hasEnded)
                }
                state.withLock { $0.heldCount -= bytes.count }
                if !write(bytes, to: server) || (hasEnded && bytes.isEmpty) { break }
            }
            shutdown(server, Int32(SHUT_RDWR))
        }
        try DedicatedThread.start(named: "proxy-out") {
            copy(from: server) { write($0, to: client) }
            shutdown(client, Int32(SHUT_RDWR))
            // Two descriptors of a test stay open rather than being closed under another thread.
        }
    }

    private static func copy(from source: Int32, _ body: ([UInt8]) -> Bool) {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0, body(Array(buffer[..<count])) else { return }
        }
    }

    private static func write(_ bytes: [UInt8], to target: Int32) -> Bool {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            offset += count
        }
        return true
    }
}
