import EventLoop
import FieldProtocols
import GatewayModel

/// The thread of the packet forwarders' port: reads in bursts, commits, sends.
final class SemtechLoop {
    private let server: SemtechServer
    private let socket: DatagramSocket
    private let poller: Poller
    private var site: SemtechSite
    private var batch = ObservationBatch()
    private var random: Jitter
    private var backoff = Backoff(initial: .milliseconds(200), max: .seconds(5), stableAfter: .seconds(1))
    /// When a refused commit is tried again; nil while the journal takes batches.
    private var commitRetryAt: Int64?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    private static let wakeupToken = 0
    private static let socketToken = 1
    /// Datagrams read before anything is committed: a busy site must not starve its own records.
    private static let burstMax = 512

    init(_ server: SemtechServer) throws {
        self.server = server
        socket = try DatagramSocket(listeningOn: server.configuration.listen)
        poller = try Poller(capacity: 4)
        random = Jitter(seed: server.seed)
        site = SemtechSite(
            server.configuration, commands: server.outlets.commands, counters: server.outlets.counters,
            profile: server.outlets.profile(), firstToken: UInt16(truncatingIfNeeded: random.next()))
    }

    deinit { buffer.deallocate() }

    func run(_ stop: StopFlag) throws {
        try poller.add(stop.wakeup.fileDescriptor, .readable, token: Self.wakeupToken)
        try poller.add(socket.fileDescriptor, .readable, token: Self.socketToken)
        publish()
        while !stop.isSet {
            try poller.wait(timeout: timeout) { event in
                if event.token == Self.wakeupToken { stop.wakeup.drain() } else { read() }
            }
            let now = server.clock.now()
            act(on: site.serve(server.takeCommanded(), at: now))
            if let due = site.due, now.monotonicMilliseconds >= due { act(on: site.tick(now, into: &batch)) }
            if !batch.isEmpty { try commit(now) }
            publish()
        }
        let end = server.clock.now()
        site.close(end, into: &batch)
        if !batch.isEmpty { try commit(end, isLast: true) }
        publish()
    }

    private var timeout: Duration? {
        let dues = [site.due, commitRetryAt].compactMap { $0 }
        guard let due = dues.min() else { return nil }
        return .milliseconds(max(0, due - server.clock.now().monotonicMilliseconds))
    }

    private func read() {
        for _ in 0..<Self.burstMax {
            guard let (count, peer) = socket.receive(into: buffer) else { return }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<min(count, buffer.count)])
            act(on: site.receive(bytes, from: peer, at: server.clock.now(), into: &batch))
        }
    }

    private func act(on actions: [SemtechSite.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes, let peer): socket.send(bytes, to: peer)
            case .sighted(let sighting): server.outlets.sighted(sighting)
            case .report(let id, let state, let result): _ = server.outlets.commands.report(id, state, result)
            }
        }
    }

    /// Makes the batch durable. If that fails nothing more is read until it succeeds: the kernel keeps some, and counts
    /// on nobody for the rest.
    private func commit(_ now: ReceiveTime, isLast: Bool = false) throws {
        if let commitRetryAt, now.monotonicMilliseconds < commitRetryAt, !isLast { return }
        server.outlets.condition(&batch)
        do {
            try server.outlets.commit(batch)
        } catch {
            let wait = backoff.failed(now: now.monotonicMilliseconds, using: &random).milliseconds
            if commitRetryAt == nil { try poller.change(socket.fileDescriptor, .none, token: Self.socketToken) }
            commitRetryAt = now.monotonicMilliseconds + max(50, wait)
            server.update { $0.trouble = "the journal takes no records; nothing is read meanwhile" }
            return
        }
        batch.removeAll()
        site.committed()
        backoff.succeeded(now: now.monotonicMilliseconds)
        if commitRetryAt != nil { try poller.change(socket.fileDescriptor, .readable, token: Self.socketToken) }
        commitRetryAt = nil
    }

    private func publish() {
        var status = site.status
        status.port = socket.port
        status.trouble = commitRetryAt == nil ? nil : "the journal takes no records; nothing is read meanwhile"
        server.update { $0 = status }
    }
}
