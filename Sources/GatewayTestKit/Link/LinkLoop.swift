internal import CLinux
internal import EventLoop
internal import Glibc

/// The thread of a link: looks at what is readable and writable, and lets through what the fault allows.
final class LinkLoop {
    private let listener: Int32
    private let target: Int
    private let orders: Monitor<LinkProxy.Orders>
    private let wakeup: Wakeup
    private var connections: [LinkConnection] = []

    init(listener: Int32, target: Int, orders: Monitor<LinkProxy.Orders>, wakeup: Wakeup) {
        self.listener = listener
        self.target = target
        self.orders = orders
        self.wakeup = wakeup
    }

    deinit { close(listener) }

    /// One round; false when the link is no longer wanted.
    func turn() -> Bool {
        let now = Self.milliseconds()
        let (order, losesConnections) = orders.withLock { orders in
            defer { orders.losesConnections = false }
            return (orders, orders.losesConnections)
        }
        guard !order.isClosed else {
            for connection in connections { connection.end(abruptly: false) }
            return false
        }
        if losesConnections { for connection in connections { connection.isForgotten = true } }
        let (fault, until) = order.fault?.phase(since: order.since, at: now) ?? (nil, nil)
        if case .cut(let abruptly) = fault { for connection in connections { connection.end(abruptly: abruptly) } }
        for connection in connections { connection.move(fault, now: now) }
        connections.removeAll { $0.isOver }
        report()
        wait(fault, until: until, now: now)
        accept(fault)
        return true
    }

    private func report() {
        let held = connections.reduce(0) { $0 + $1.heldCount }
        orders.withLock { orders in
            orders.heldCount = held
            orders.open = connections.count
            for connection in connections { orders.bytes += connection.takePassed() }
        }
    }

    private func wait(_ fault: LinkFault?, until: Int64?, now: Int64) {
        var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        entries.append(pollfd(fd: wakeup.fileDescriptor, events: Int16(POLLIN), revents: 0))
        var deadline = until
        for connection in connections {
            entries += connection.interest(fault, now: now)
            if let due = connection.due(fault, now: now) { deadline = min(deadline ?? due, due) }
        }
        // A second: nothing depends on it.
        let timeout = deadline.map { max(1, min(1_000, $0 - now)) } ?? 1_000
        _ = poll(&entries, nfds_t(entries.count), Int32(timeout))
        wakeup.drain()
    }

    private func accept(_ fault: LinkFault?) {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            guard client >= 0 else { return }
            orders.withLock { $0.accepted += 1 }
            // A client that cannot be served is closed: it sees what it would see of a dead server.
            guard let connection = LinkConnection(client: client, target: target) else {
                close(client)
                continue
            }
            if case .cut(let abruptly) = fault {
                connection.end(abruptly: abruptly)
            } else {
                connections.append(connection)
            }
        }
    }

    static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}
