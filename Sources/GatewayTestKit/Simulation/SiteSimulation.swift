internal import CloudSync
internal import GatewayModel
internal import Journal
internal import Synchronization

/// A whole site under one seed: devices, a broker, the gateway's own state machines over a real journal, servers and
/// pullers. What goes wrong is drawn from the seed; in the end all is healed and must drain.
final class SiteSimulation {
    let plan: SimulationPlan
    let bug: PlantedBug?
    let storage: SimulatedStorage
    /// Milliseconds since the beginning, whatever the gateway's clocks say.
    var time: Int64 = 0
    var trace = SimulationTrace()
    var random: SeededRandom
    var queue = SimulationQueue()
    var ledger = SimulationLedger()
    var broker: SimulatedBroker
    var devices: [SimulatedDevice]
    var servers: [SimulatedServer] = []
    var pullers: [SimulatedPuller]
    var gateway: SimulatedGateway?
    var clock = VirtualClock()
    var lives = 0
    /// Boots of the box.
    var boots = 1
    /// How the life ends when the disk stops in the middle of something.
    var endInCommit = SimulatedStorage.End.kill
    var diskIsTroubled = false
    /// Whether state.db was ever lost.
    var hasLostState = false
    var requests: [Int: SimulatedRequest] = [:]
    var requestCount = 0
    var arrivals = 0
    var intakeAt: Int64?
    var destinationAt: [Int64?]
    /// When everything began to work again; nil before.
    var healedAt: Int64?
    /// Records that retention has removed from the stream of readings.
    var evicted: Int64 = 0
    let growth = GrowthFlag()
    var subscription: Subscription?

    /// Set by the journal whenever a stream has grown.
    final class GrowthFlag: Sendable {
        private let flag = Atomic(false)

        func set() { flag.store(true, ordering: .relaxed) }
        func take() -> Bool { flag.exchange(false, ordering: .relaxed) }
    }

    init(seed: UInt64, bug: PlantedBug?) throws {
        var random = SeededRandom(seed: seed)
        let plan = SimulationPlan(&random)
        self.plan = plan
        self.bug = bug
        storage = try SimulatedStorage(plan, seed: random.next())
        broker = SimulatedBroker(receiveMaximum: plan.receiveMaximum)
        devices = plan.devices.enumerated().map {
            SimulatedDevice($0.offset, $0.element.kind, interval: $0.element.interval)
        }
        pullers = (0..<plan.pullerCount).map { SimulatedPuller($0, seed: random.next()) }
        destinationAt = plan.destinations.map { _ in nil }
        let seeds = plan.destinations.map { _ in random.next() }
        self.random = random
        servers = zip(plan.destinations, seeds).map { SimulatedServer($0, seed: $1) }
    }

    /// Runs to the end, good or bad.
    func run() -> SimulationOutcome {
        var violation: String?
        do { try live() } catch { violation = "\(error)" }
        gateway?.journal.close()
        return SimulationOutcome(
            seed: 0, traceHash: trace.hash, steps: trace.count, messages: ledger.messages.count, lives: lives,
            evicted: evicted, deliveries: servers.reduce(0) { $0 + $1.deliveries.count }, duration: time,
            healing: healedAt.map { time - $0 } ?? 0, violation: violation, lastSteps: trace.lastSteps)
    }

    private func live() throws {
        queue.add(.start, at: 0)
        for index in devices.indices { queue.add(.measure(device: index), at: 2_000 + Int64(index)) }
        for index in pullers.indices { queue.add(.pull(index), at: 3_000) }
        queue.add(.trouble, at: 2_000 + Int64(random.integer(in: 0...plan.troubleInterval)))
        var isSettled = false
        while !isSettled {
            guard let (at, event) = queue.next() else { throw SimulationViolation("nothing happens any more") }
            pass(to: at)
            do {
                try handle(event)
            } catch is SimulatedDeath {
                try die(endInCommit)
            }
            if gateway != nil, growth.take() { wakeDestinations() }
            if case .turn = event { isSettled = try settle() }
        }
        try conclude()
    }

    private func pass(to at: Int64) {
        guard at > time else { return }
        clock.advance(by: .milliseconds(at - time))
        time = at
    }

    /// Whether the gateway dies before its next step.
    func diesNow() -> Bool {
        if storage.disk.isOff { return true }
        return healedAt == nil && plan.stepCrash > 0 && random.chance(plan.stepCrash)
    }

    func later(_ range: ClosedRange<Int>) -> Int64 { time + Int64(random.integer(in: range)) }

    private func handle(_ event: SimulationEvent) throws {
        switch event {
        case .measure(let device): measure(device)
        case .sendAgain(let device): sendAgain(device)
        case .arriveAtBroker(let message): arrive(message)
        case .acknowledge(let packets, let connection): acknowledge(packets, connection)
        case .confirm(let message): confirm(message)
        case .intake(let life):
            if intakeAt == time { intakeAt = nil }
            if let gateway, gateway.life == life { try takeIn(gateway) }
        case .destination(let index, let life):
            if destinationAt[index] == time { destinationAt[index] = nil }
            if let gateway, gateway.life == life { try turn(gateway, index) }
        case .request(let number): try serve(number)
        case .answer(let number, let answer): try deliver(number, answer)
        case .pull(let index): try pull(index)
        case .turn(let life):
            guard let gateway, gateway.life == life else { return }
            gateway.journal.turn()
            if storage.disk.isOff { throw SimulatedDeath() }
            queue.add(.turn(life: life), at: time + 1_000)
        case .start: try start()
        case .trouble: try trouble()
        case .endOfOutage(let server):
            trace.note(time, "outage ends", Int64(server))
            servers[server].mood = .fine
            servers[server].restart()
        case .endOfDiskTrouble:
            trace.note(time, "disk heals")
            storage.disk.heal()
            diskIsTroubled = false
        }
    }
}
