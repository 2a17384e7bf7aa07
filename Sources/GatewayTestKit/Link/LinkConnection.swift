internal import CLinux
internal import Glibc

/// One client of a link and its connection to the server.
final class LinkConnection {
    private let client: LinkFlow
    private let server: LinkFlow
    private(set) var isOver = false
    /// Nothing of it is heard again.
    var isForgotten = false
    /// Bytes of both directions, and those not yet reported.
    private var passed = 0
    private var unreported = 0

    /// Nil if nobody listens on `target`. Takes the descriptor of the client over.
    init?(client descriptor: Int32, target: Int) {
        let other = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard other >= 0 else { return nil }
        guard LoopbackPort.withAddress(port: target, { connect(other, $0, $1) == 0 }) else {
            close(other)
            return nil
        }
        for socket in [descriptor, other] {
            _ = clinux_fcntl(socket, F_SETFL, O_NONBLOCK)
            var one: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        }
        client = LinkFlow(from: descriptor, to: other)
        server = LinkFlow(from: other, to: descriptor)
    }

    /// What clients sent and the server has not got.
    var heldCount: Int { client.waiting.count }

    func takePassed() -> Int {
        defer { unreported = 0 }
        return unreported
    }

    /// Takes what is there and passes on what the fault allows.
    func move(_ fault: LinkFault?, now: Int64) {
        guard !isOver, !isForgotten, fault != .blackHole else { return }
        for flow in [client, server] {
            flow.take()
            if fault == .holding, flow === client { continue }
            var allowance = Int.max
            if case .resetAfter(let limit) = fault { allowance = max(0, limit - passed) }
            if case .dribble(let count, let interval) = fault {
                guard now >= flow.dribbleAt else { continue }
                allowance = count
                if !flow.waiting.isEmpty { flow.dribbleAt = now + interval }
            }
            let count = flow.pass(allowance)
            passed += count
            unreported += count
        }
        if case .resetAfter(let limit) = fault, passed >= limit { return end(abruptly: true) }
        // A client that has gone still delivers what is held; a server that has gone has nobody to deliver to.
        if client.isUndeliverable || server.isThrough { return end(abruptly: client.isUndeliverable) }
        if client.isThrough || (server.isUndeliverable && client.waiting.isEmpty) { end(abruptly: !client.isThrough) }
    }

    func interest(_ fault: LinkFault?, now: Int64) -> [pollfd] {
        guard !isForgotten, fault != .blackHole else { return [] }
        return [client, server].flatMap { flow in
            let mayPass = now >= flow.dribbleAt && !(fault == .holding && flow === client)
            return flow.interest(mayPass: mayPass)
        }
    }

    func due(_ fault: LinkFault?, now: Int64) -> Int64? {
        guard case .dribble = fault, !isForgotten else { return nil }
        return [client, server].filter { !$0.waiting.isEmpty }.map(\.dribbleAt).min()
    }

    /// Ends both sides, in order or by a reset.
    func end(abruptly: Bool) {
        guard !isOver else { return }
        isOver = true
        for flow in [client, server] {
            if abruptly {
                var now = linger(l_onoff: 1, l_linger: 0)
                setsockopt(flow.source, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            }
            close(flow.source)
        }
    }
}
