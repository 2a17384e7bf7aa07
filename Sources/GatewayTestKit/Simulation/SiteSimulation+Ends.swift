internal import GatewayModel
internal import Journal

/// Healing, and what must be true afterwards.
extension SiteSimulation {
    /// Heals when everything has been published; whether everything has come to rest since.
    func settle() throws -> Bool {
        guard let healedAt else {
            if ledger.messages.count >= plan.messageCount { heal() }
            return false
        }
        if isAtRest { return true }
        guard time - healedAt < limit else { throw SimulationViolation("does not drain: \(obstacles)") }
        return false
    }

    private func heal() {
        trace.note(time, "healed")
        healedAt = time
        storage.disk.heal()
        diskIsTroubled = false
        for index in servers.indices {
            servers[index].mood = .fine
            servers[index].isHealed = true
            servers[index].restart()
        }
    }

    /// How long draining may take (milliseconds): the longest hold, and what a budget of requests allows.
    private var limit: Int64 {
        plan.destinations.contains(where: \.isPaced) ? 4 * 3_600_000 : 1_800_000
    }

    private var isAtRest: Bool { obstacles.isEmpty }

    private var obstacles: String {
        guard let gateway else { return "the gateway is down" }
        var found: [String] = []
        if arrivals > 0 || !broker.isEmpty { found.append("the broker has messages") }
        if devices.contains(where: { !$0.unconfirmed.isEmpty }) { found.append("devices wait to be confirmed") }
        for destination in gateway.destinations {
            if !destination.isDrained { found.append(destination.description) }
            guard destination.plan.kind == .records else { continue }
            if servers[destination.index].members.count < devices.count { found.append("a server misses heartbeats") }
        }
        for puller in pullers where !puller.isDone(gateway.journal) { found.append("\(puller.name) is behind") }
        return found.joined(separator: "; ")
    }

    /// The end: one more life reads what is there, and it is compared with what everybody outside knows.
    func conclude() throws {
        try check()
        try die(.kill)
        try start()
        try check()
    }

    private func check() throws {
        guard let journal = gateway?.journal else { throw SimulationViolation("the gateway is down in the end") }
        let (records, gaps) = try JournalFolder.everything(in: .readings, of: journal)
        evicted = gaps.reduce(0) { $0 + $1.count }
        try ledger.check(records, gaps, knowsReasons: !hasLostState)
        for puller in pullers { try puller.check(records) }
        let (events, _) = try JournalFolder.everything(in: .events, of: journal)
        for (index, destination) in plan.destinations.enumerated() {
            let refused = Set(
                try journal.refused(by: SimulatedDestination.name(index), limit: 10_000).map(\.seq))
            let owed = destination.kind == .records ? records : records + events
            for record in owed {
                let identity =
                    destination.kind == .records ? record.messageID ?? record.derivedID : record.simulatedIdentity
                let isRefused = record.stream == .readings && refused.contains(record.seq)
                guard servers[index].has(identity) || isRefused else {
                    throw SimulationViolation(
                        "\(SimulatedDestination.name(index)) never got record \(record.seq) of \(record.stream.rawValue), "
                            + "message \(record.simulatedNumber ?? -1)")
                }
            }
        }
    }
}
