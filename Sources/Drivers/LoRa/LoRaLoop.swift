import EventLoop
import FieldProtocols
import GatewayModel
import HTTPServer

/// The thread of LoRa: hears packet forwarders and stations in bursts, commits, answers.
final class LoRaLoop {
    private let server: LoRaServer
    private let socket: DatagramSocket?
    private let poller: Poller
    private var site: LoRaSite
    private var stations: [UInt64: StationConnection] = [:]
    private var batch = ObservationBatch()
    /// What devices are answered once the batch is durable.
    private var answers: [LoRaSite.Action] = []
    private var random: Jitter
    private var backoff = Backoff(initial: .milliseconds(200), max: .seconds(5), stableAfter: .seconds(1))
    /// When a refused commit is tried again; nil while the journal takes batches.
    private var commitRetryAt: Int64?
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    private static let wakeupToken = 0
    private static let socketToken = 1
    /// Datagrams read before anything is committed: a busy site must not starve its own records.
    private static let burstMax = 512
    /// Messages taken of one station before it is the turn of the next.
    private static let turnMax = 32

    init(_ server: LoRaServer) throws {
        self.server = server
        socket = try server.configuration.forwarders.map { try DatagramSocket(listeningOn: $0.listen) }
        poller = try Poller(capacity: 4)
        random = Jitter(seed: server.seed)
        site = LoRaSite(
            server.configuration, commands: server.outlets.commands, counters: server.outlets.counters,
            profile: server.outlets.profile(), firstToken: UInt16(truncatingIfNeeded: random.next()))
    }

    deinit { buffer.deallocate() }

    func run(_ stop: StopFlag) throws {
        try poller.add(stop.wakeup.fileDescriptor, .readable, token: Self.wakeupToken)
        if let socket { try poller.add(socket.fileDescriptor, .readable, token: Self.socketToken) }
        publish()
        while !stop.isSet {
            try poller.wait(timeout: timeout) { event in
                if event.token == Self.wakeupToken { stop.wakeup.drain() } else { read() }
            }
            let now = server.clock.now()
            hearStations(now)
            act(on: site.serve(server.takeCommanded(), at: now))
            if let due = site.due, now.monotonicMilliseconds >= due { act(on: site.tick(now, into: &batch)) }
            if !batch.isEmpty { try commit(now) }
            answer()
            publish()
        }
        let end = server.clock.now()
        for station in stations.values { station.socket.close(.goingAway) }
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
        guard let socket else { return }
        for _ in 0..<Self.burstMax {
            guard let (count, peer) = socket.receive(into: buffer) else { return }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<min(count, buffer.count)])
            act(on: site.receive(bytes, from: peer, at: server.clock.now(), into: &batch))
        }
    }

    /// Gives every station that has something to say its turn. While nothing can be stored they wait, and TCP tells them.
    private func hearStations(_ now: ReceiveTime) {
        guard commitRetryAt == nil else { return }
        for stranger in server.desk.takeStrangers() {
            site.turnedAway(stranger.eui, address: stranger.address, at: now, into: &batch)
        }
        for station in server.desk.takeReady() {
            let isOver = station.socket.isClosed
            if stations[station.number] == nil, !isOver {
                stations[station.number] = station
                act(on: site.opened(station.number, station.eui, address: station.address, at: now))
            }
            let messages = station.socket.take(max: Self.turnMax)
            for message in messages {
                act(on: site.receive(message, from: station.eui, station.number, at: now, into: &batch))
            }
            if messages.count == Self.turnMax {
                server.desk.isReady(station)
            } else if isOver, stations.removeValue(forKey: station.number) != nil {
                act(on: site.closed(station.number, station.eui, address: station.address, at: now))
            }
        }
    }

    private func act(on actions: [LoRaSite.Action]) {
        for action in actions {
            switch action {
            case .send(let bytes, let peer): socket?.send(bytes, to: peer)
            case .tell(let text, let connection): stations[connection]?.socket.send(text: text)
            case .hangUp(let connection): stations[connection]?.socket.close(.policyViolation)
            case .sighted(let sighting): server.outlets.sighted(sighting)
            case .afterCommit(let answer): answers.append(answer)
            case .report(let id, let state, let result): _ = server.outlets.commands.report(id, state, result)
            }
        }
    }

    /// Answers the devices whose frames are durable now. One whose frame is not hears nothing in its window, which will be
    /// over when it is: it asks again, or the command counts as not transmitted.
    private func answer() {
        defer { answers.removeAll(keepingCapacity: true) }
        if batch.isEmpty { act(on: answers) }
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
            if commitRetryAt == nil { try listen(false) }
            commitRetryAt = now.monotonicMilliseconds + max(50, wait)
            return
        }
        batch.removeAll()
        site.committed()
        backoff.succeeded(now: now.monotonicMilliseconds)
        if commitRetryAt != nil { try listen(true) }
        commitRetryAt = nil
    }

    private func listen(_ isOn: Bool) throws {
        if let socket { try poller.change(socket.fileDescriptor, isOn ? .readable : .none, token: Self.socketToken) }
        // The stations that had their turn denied are still at the desk.
        if isOn { server.wake() }
    }

    private func publish() {
        var status = site.status
        status.isRunning = true
        status.port = socket?.port
        status.trouble = commitRetryAt == nil ? nil : "the journal takes no records; nothing is read meanwhile"
        server.update { $0 = status }
    }
}
