internal import CLinux
internal import EventLoop
internal import Glibc

/// A TCP link on loopback that fails as links in the field do. One thread, no timer of its own but what a fault needs.
public final class LinkProxy: Sendable {
    struct Orders {
        var fault: LinkFault?
        var since: Int64 = 0
        /// Connections that are open now are never heard of again: not even their ends notice.
        var losesConnections = false
        var isClosed = false
        var heldCount = 0
        var accepted = 0
        var open = 0
        var bytes = 0
    }

    /// Where it listens on 127.0.0.1.
    public let port: Int
    private let orders = Monitor(Orders())
    private let wakeup: Wakeup

    /// Connects each client to `target` on 127.0.0.1.
    public init(to target: Int) throws {
        let chosen = try LoopbackPort.free()
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard listener >= 0 else { throw FileError.last("socket", "127.0.0.1") }
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        let isListening = LoopbackPort.withAddress(port: chosen) {
            bind(listener, $0, $1) == 0 && listen(listener, 64) == 0
        }
        guard isListening else {
            close(listener)
            throw FileError.last("listen", "127.0.0.1:\(chosen)")
        }
        port = chosen
        wakeup = try Wakeup()
        let (orders, wakeup) = (orders, wakeup)
        try DedicatedThread.start(named: "link") {
            let loop = LinkLoop(listener: listener, target: target, orders: orders, wakeup: wakeup)
            while loop.turn() {}
        }
    }

    deinit { change { $0.isClosed = true } }

    /// From now on the link does this to connections that are open and to new ones.
    public func impose(_ fault: LinkFault) {
        let now = LinkLoop.milliseconds()
        change { orders in
            orders.fault = fault
            orders.since = now
        }
    }

    /// The link works again, and what it kept back arrives.
    public func heal() { change { $0.fault = nil } }

    /// The link works again for new connections; of those that were open nothing is ever heard, as when a router on the
    /// way was restarted.
    public func healForNewConnections() {
        change { orders in
            orders.fault = nil
            orders.losesConnections = true
        }
    }

    /// Bytes that clients sent and the server has not got.
    public var heldCount: Int { orders.withLock { $0.heldCount } }
    /// Connections accepted since the start, and those open now.
    public var acceptedCount: Int { orders.withLock { $0.accepted } }
    public var openCount: Int { orders.withLock { $0.open } }
    /// Bytes that have passed, of both directions.
    public var byteCount: Int { orders.withLock { $0.bytes } }

    /// Waits until so many connections more have been accepted than now; whether they were.
    public func waitForConnections(_ count: Int, within limit: Duration = .seconds(60)) -> Bool {
        let goal = acceptedCount + count
        return orders.wait(limit: limit) { $0.accepted >= goal }
    }

    private func change(_ body: (inout Orders) -> Void) {
        orders.withLock(body)
        wakeup.wake()
    }
}
