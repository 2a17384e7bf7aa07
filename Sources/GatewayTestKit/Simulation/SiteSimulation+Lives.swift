internal import GatewayModel
internal import Journal

/// Starts, deaths and troubles.
extension SiteSimulation {
    func start() throws {
        guard gateway == nil else { return }
        lives += 1
        trace.note(time, "start", Int64(lives))
        var made: SimulatedGateway?
        do {
            let begun = try SimulatedGateway(lives, self, clock)
            made = begun
            try begun.begin(seed: UInt64(lives))
        } catch {
            made?.journal.close()
            if storage.disk.isOff { throw SimulatedDeath() }
            guard diskIsTroubled else { throw SimulationViolation("does not start on a sound disk: \(error)") }
            // The service manager tries again.
            return queue.add(.start, at: time + 5_000)
        }
        guard let made else { return }
        gateway = made
        if storage.disk.isOff { throw SimulatedDeath() }
        subscription = made.journal.onAppend { [growth] _, _ in growth.set() }
        intakeAt = nil
        destinationAt = destinationAt.map { _ in nil }
        wakeIntake(at: time)
        for index in made.destinations.indices { wakeDestination(index, at: time) }
        queue.add(.turn(life: lives), at: time + 1_000)
    }

    func die(_ end: SimulatedStorage.End, losingState: Bool = false) throws {
        trace.note(time, "dies", Int64(lives))
        endInCommit = .kill
        broker.disconnect()
        try storage.end(end, losingState: losingState)
        subscription = nil
        gateway?.journal.close()
        gateway = nil
        diskIsTroubled = false
        if case .powerCut = end { bootAgain() }
        if losingState { hasLostState = true }
        var isForgetful = losingState
        if case .powerCut = end { isForgetful = true }
        if isForgetful { for index in servers.indices { servers[index].mayRepeat = true } }
        queue.add(.start, at: later(300...30_000))
    }

    /// The box has been without power: its monotonic clock begins again, and its wall clock may be anywhere.
    private func bootAgain() {
        boots += 1
        let wall = clock.now().wall.milliseconds
        clock = VirtualClock(
            wallMilliseconds: random.chance(0.3) ? 0 : wall, monotonicMilliseconds: 20_000, trusted: random.chance(0.5))
    }

    func trouble() throws {
        guard healedAt == nil else { return }
        queue.add(.trouble, at: later(plan.troubleInterval / 2...plan.troubleInterval * 2))
        guard !plan.troubles.isEmpty else { return }
        let trouble = plan.troubles[random.integer(in: 0...plan.troubles.count - 1)]
        trace.note(time, trouble.name)
        try begin(trouble)
    }

    private func begin(_ trouble: SimulationPlan.Trouble) throws {
        switch trouble {
        case .kill, .killInCommit, .powerCut, .powerCutInCommit, .lostState: try end(trouble)
        case .siteWithoutPower:
            ledger.forget(broker.forget())
            try end(.powerCut)
        case .connectionReset: breakConnection()
        case .brokerForgets:
            ledger.forget(broker.forget())
            breakConnection()
        case .diskFull: troubleDisk(.noSpace, from: random.integer(in: 1...30), isLasting: true)
        case .diskFails: troubleDisk(.ioError, from: random.integer(in: 1...30), isLasting: true)
        case .diskHiccup: troubleDisk(.shortWrite, from: random.integer(in: 1...60), isLasting: false)
        case .clockJump:
            clock.setWall(milliseconds: Int64(random.integer(in: 0...4_000_000_000)) * 1_000, trusted: true)
        case .clockUntrusted: clock.setWall(milliseconds: clock.now().wall.milliseconds, trusted: false)
        case .outage:
            let server = random.integer(in: 0...servers.count - 1)
            let moods = SimulatedServer.Mood.allCases
            servers[server].mood = moods[random.integer(in: 1...moods.count - 1)]
            queue.add(.endOfOutage(server: server), at: later(1_000...240_000))
        case .flush:
            for destination in gateway?.destinations ?? [] {
                destination.flush()
                wakeDestination(destination.index, at: time)
            }
        case .rewind: try rewind()
        case .reboot: devices[random.integer(in: 0...devices.count - 1)].reboot(at: time)
        case .burst:
            let device = random.integer(in: 0...devices.count - 1)
            let count = min(random.integer(in: 1...60), plan.messageCount - ledger.messages.count)
            for _ in 0..<max(0, count) { publish(device) }
        }
    }

    private func end(_ trouble: SimulationPlan.Trouble) throws {
        guard gateway != nil else { return }
        let seed = random.next()
        switch trouble {
        case .kill: try die(.kill)
        case .lostState: try die(.kill, losingState: true)
        case .powerCut: try die(.powerCut(seed: seed))
        case .powerCutInCommit:
            endInCommit = .powerCut(seed: seed)
            storage.disk.cutPower(at: random.integer(in: 1...80))
        default: storage.disk.cutPower(at: random.integer(in: 1...80))
        }
    }

    private func rewind() throws {
        guard let gateway, !pullers.isEmpty else { return }
        let index = random.integer(in: 0...pullers.count - 1)
        _ = try gateway.onDisk { try pullers[index].rewind(gateway.journal) }
    }

    private func troubleDisk(_ fault: FaultyDisk.Fault, from first: Int, isLasting: Bool) {
        diskIsTroubled = true
        storage.disk.fail(fault, from: first, isLasting: isLasting)
        queue.add(.endOfDiskTrouble, at: later(1_000...60_000))
    }
}
