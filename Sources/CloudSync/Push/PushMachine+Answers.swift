internal import EventLoop
internal import GatewayModel

/// What answers do to a record, its device and the whole destination.
extension PushMachine {
    mutating func answered(_ slot: UInt64, _ outcome: PushOutcome, _ now: Int64) {
        guard let lane = window.lane(slot), lane >= 0, lanes[lane].first == slot, lanes[lane].state == .sending else {
            return
        }
        inFlight -= 1
        let wasProbe = link == .probing(slot: slot)
        if wasProbe { link = .probing(slot: nil) }
        switch outcome {
        case .accepted:
            finish(slot, lane)
            worked(wasProbe, now)
        case .condemned(let status, let reason):
            lanes.refuse(lane)
            refusals.append(Refusal(slot: slot, status: status, reason: reason, dueAt: now))
            worked(wasProbe, now)
        case .troubled(let reason):
            cool(lane, reason, now)
            troublesInRow += 1
            if wasProbe || troublesInRow >= settings.troublesInRowMax { pause(reason, nil, now) }
        case .unavailable(let reason, let retryAfter):
            lanes.makeReady(lane)
            pause(reason, retryAfter, now)
        case .limited(let reason, let retryAfter):
            lanes.makeReady(lane)
            limit(reason, retryAfter, now)
        case .misdirected(let reason):
            lanes.makeReady(lane)
            holdBack(reason, now)
        case .abandoned: lanes.makeReady(lane)
        }
    }

    mutating func refused(_ slot: UInt64, _ isStored: Bool, _ now: Int64) {
        guard let index = refusals.firstIndex(where: { $0.slot == slot && $0.isUnderWay }) else { return }
        guard isStored else {
            refusals[index].isUnderWay = false
            refusals[index].dueAt = now + 1_000
            return
        }
        refusals.remove(at: index)
        if let lane = window.lane(slot) { finish(slot, lane) }
    }

    mutating func nextRefusal(_ now: Int64) -> Action? {
        guard let index = refusals.firstIndex(where: { !$0.isUnderWay && $0.dueAt <= now }) else { return nil }
        refusals[index].isUnderWay = true
        let refusal = refusals[index]
        return .refuse(slot: refusal.slot, status: refusal.status, reason: refusal.reason)
    }

    mutating func nextSend(_ now: Int64) -> Action? {
        lanes.warm(now: now)
        if case .waiting(let until) = link, now >= until { link = .probing(slot: nil) }
        switch link {
        case .waiting, .probing(.some): return nil
        case .flowing: if inFlight >= settings.parallelism { return nil }
        case .probing(nil): break
        }
        guard let lane = lanes.takeReady() else { return nil }
        let slot = lanes[lane].first
        inFlight += 1
        sentBelow = max(sentBelow, slot + 1)
        if link != .flowing { link = .probing(slot: slot) }
        return .send(slot: slot)
    }

    /// Sends only what others have overtaken: the cursor can then pass those, and a restart repeats nothing.
    mutating func nextSendBeforeStop() -> Action? {
        guard link == .flowing, inFlight < settings.parallelism else { return nil }
        while let lane = lanes.takeReady() {
            let slot = lanes[lane].first
            guard slot < sentBelow else { continue }
            inFlight += 1
            return .send(slot: slot)
        }
        return nil
    }

    /// Everything that waits is tried at once; back-offs keep their count.
    mutating func flush(_ now: Int64) {
        lanes.warm(now: nil)
        if case .waiting = link { link = .probing(slot: nil) }
        mayHaveMore = true
        readAt = now
        saveAt = now
        for index in refusals.indices { refusals[index].dueAt = min(refusals[index].dueAt, now) }
    }

    /// The destination wants fewer requests: nothing is sent until the time it named.
    mutating func limit(_ reason: String, _ retryAfter: Int64?, _ now: Int64) {
        wait(.paced(reason), delay(retryAfter, now), now)
    }

    private mutating func pause(_ reason: String, _ retryAfter: Int64?, _ now: Int64) {
        wait(.retrying(reason), delay(retryAfter, now), now)
    }

    private mutating func holdBack(_ reason: String, _ now: Int64) {
        // Answers of requests that were under way together count as one.
        if case .waiting = link, case .held = cause { return }
        let drawn = hold.failed(now: now, using: &random).milliseconds
        wait(.held(reason), max(1_000, drawn), now)
    }

    /// A named time is kept, with a little chance on top so that a fleet does not come back in one wave.
    private mutating func delay(_ retryAfter: Int64?, _ now: Int64) -> Int64 {
        // Answers of requests that were under way together count as one failure.
        if case .waiting(let until) = link, retryAfter == nil { return until - now }
        let drawn = retry.failed(now: now, using: &random).milliseconds
        guard let retryAfter, retryAfter > 0 else { return max(10, drawn) }
        return min(retryAfter, settings.retryAfterMax) + Int64.random(in: 0...1_000, using: &random)
    }

    /// A held link stays held when others of its requests fail in milder ways, and no wait is shortened.
    private mutating func wait(_ cause: Condition, _ delay: Int64, _ now: Int64) {
        var until = now + delay
        if case .waiting(let known) = link {
            until = max(until, known)
            if case .held = self.cause {
                link = .waiting(until: until)
                return
            }
        }
        link = .waiting(until: until)
        self.cause = cause
        troublesInRow = 0
    }

    /// The destination took a record or judged it: it is there.
    private mutating func worked(_ wasProbe: Bool, _ now: Int64) {
        troublesInRow = 0
        switch (link, cause) {
        case (.flowing, _): return
        case (.waiting, .retrying): break
        // An answer that was under way when the destination asked us to wait, or when it turned us away, opens nothing.
        case (.waiting, _): return
        case (.probing, _): if !wasProbe { return }
        }
        link = .flowing
        cause = .flowing
        retry.succeeded(now: now)
        hold.succeeded(now: now)
    }

    private mutating func cool(_ lane: Int, _ reason: String, _ now: Int64) {
        var backoff =
            lanes[lane].backoff ?? Backoff(initial: settings.retryDelayInitial, max: settings.retryDelayMax)
        let delay = backoff.failed(now: now, using: &random).milliseconds
        laneReason = lanes[lane].device.map { "\(reason) (device \($0))" } ?? reason
        lanes.cool(lane, backoff: backoff, until: now + max(10, delay))
    }

    private mutating func finish(_ slot: UInt64, _ lane: Int) {
        let following = window.following(slot)
        window.finish(slot)
        lanes.removeFirst(lane, following: following)
        advance()
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
