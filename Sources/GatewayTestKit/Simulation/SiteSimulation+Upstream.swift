internal import CloudSync
internal import GatewayModel
internal import Journal

/// Destinations, their servers, and pullers.
extension SiteSimulation {
    func wakeDestinations() {
        guard let gateway else { return }
        for destination in gateway.destinations {
            destination.appended()
            wakeDestination(destination.index, at: time)
        }
    }

    func wakeDestination(_ index: Int, at: Int64) {
        guard let gateway, destinationAt[index].map({ at < $0 }) ?? true else { return }
        destinationAt[index] = at
        queue.add(.destination(index, life: gateway.life), at: at)
    }

    func turn(_ gateway: SimulatedGateway, _ index: Int) throws {
        guard let at = try gateway.destinations[index].turn() else { return }
        wakeDestination(index, at: time + max(1, at - gateway.now))
    }

    func send(_ request: SimulatedRequest) {
        requestCount += 1
        requests[requestCount] = request
        queue.add(.request(requestCount), at: later(1...100))
    }

    func serve(_ number: Int) throws {
        guard let request = requests[number] else { return }
        trace.note(time, "request", Int64(request.server), Int64(clamping: request.slot))
        if let first = gateway?.journal.status(of: .readings).firstSeq {
            servers[request.server].evictedTo = max(
                servers[request.server].evictedTo, SequenceNumber(first.rawValue - 1))
        }
        let (answer, delay) = try servers[request.server].take(request, ledger)
        queue.add(.answer(number, answer), at: time + delay)
    }

    func deliver(_ number: Int, _ answer: SimulatedAnswer) throws {
        guard let request = requests.removeValue(forKey: number), let gateway, gateway.life == request.life else {
            return
        }
        let destination = gateway.destinations[request.server]
        switch (answer, request.content) {
        case (.outcome(let outcome), _): try destination.answered(request.slot, outcome)
        case (.heartbeat(let answer), .heartbeat(let device)): destination.heartbeatAnswered(device, answer)
        case (.heartbeat, .records): break
        }
        wakeDestination(request.server, at: time)
    }

    func pull(_ index: Int) throws {
        // Now and then a puller is away for long.
        let isAway = healedAt == nil && random.chance(0.05)
        queue.add(.pull(index), at: isAway ? later(60_000...400_000) : later(100...10_000))
        guard let gateway else { return }
        let arrives = healedAt != nil || !random.chance(0.1)
        trace.note(time, "pull", Int64(index), arrives ? 1 : 0)
        _ = try gateway.onDisk {
            try pullers[index].pull(gateway.journal, arrives: arrives, hidesGaps: bug == .hidesGaps)
        }
    }
}
