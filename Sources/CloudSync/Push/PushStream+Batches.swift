internal import EventLoop
internal import GatewayModel

/// How records become batches, and what answers do to them.
extension PushStream {
    /// Puts a lane into the queue where it belongs: ready, or waiting for more.
    mutating func settle(_ lane: Int, _ now: Int64) {
        if let end = lanes[lane].ends.first {
            return end > readTo ? lanes.gather(lane, until: .max) : lanes.makeReady(lane)
        }
        let dueAt = lanes[lane].since + settings.batching.interval
        if recordsMax == 1 || isUrgent || now >= dueAt || isFull(lane) { return lanes.makeReady(lane) }
        lanes.gather(lane, until: dueAt)
    }

    func isFull(_ lane: Int) -> Bool { lanes[lane].count >= recordsMax || lanes[lane].byteCount >= byteCountMax }

    /// A lane that comes into being takes over the batches that an earlier life had begun for it.
    mutating func adopt(_ lane: Int) {
        let own = restored.filter { $0.share == Int(clamping: lanes[lane].key) }
        guard !own.isEmpty else { return }
        restored.removeAll { own.contains($0) }
        lanes[lane].ends = own.map(\.last).sorted()
        lanes[lane].isSealed = true
    }

    /// A lane goes whose later batches of an earlier life have not been read yet: another will take them over.
    private mutating func giveBack(_ lane: Int) {
        for end in lanes[lane].ends where end > readTo {
            restored.append(
                BatchSeal(
                    first: readTo.next, last: end, share: Int(clamping: lanes[lane].key), shares: shares ?? 1,
                    isDone: false))
        }
    }

    /// Wakes the lanes whose restored batch has been read to its end.
    mutating func releaseRestored() {
        for lane in lanes.all {
            if case .gathering(.max) = lanes[lane].state, let end = lanes[lane].ends.first, end <= readTo {
                lanes.endGathering(lane)
            }
        }
        restored.removeAll { $0.last <= readTo }
    }

    /// The next batch to send, if one is ready; `isOvertaken` takes only what later records were sent before.
    mutating func nextBatch(isOvertaken: Bool, _ now: Int64) -> PushBatch? {
        guard sealing == nil else { return nil }
        while let lane = lanes.firstReady {
            if isOvertaken, lanes[lane].first >= sentBelow {
                _ = lanes.takeReady()
                continue
            }
            guard let batch = batch(of: lane) else {
                _ = lanes.takeReady()
                lanes.gather(lane, until: .max)
                continue
            }
            if settings.batching.isSealed, !lanes[lane].isSealed {
                if now >= sealAt { sealing = lane }
                return nil
            }
            _ = lanes.takeReady()
            lanes[lane].sentCount = batch.count
            // What stays behind in the lane arrived later than this.
            lanes[lane].since = now
            sentBelow = max(sentBelow, batch.lastSlot + 1)
            return batch
        }
        return nil
    }

    /// Settles where the first batch of the lane ends; nil while an old batch is not read to its end.
    private mutating func batch(of lane: Int) -> PushBatch? {
        let slot = lanes[lane].first
        guard let first = window.seq(slot) else { return nil }
        if recordsMax == 1, lanes[lane].ends.isEmpty {
            return PushBatch(slot: slot, lastSlot: slot, count: 1, firstSeq: first, lastSeq: first)
        }
        while let end = lanes[lane].ends.first, end < first { lanes[lane].ends.removeFirst() }
        let end = lanes[lane].ends.first
        if let end, end > readTo { return nil }
        var batch = PushBatch(
            slot: slot, lastSlot: slot, count: 0, firstSeq: first, lastSeq: first,
            share: Int(clamping: lanes[lane].key), shares: shares ?? 1)
        var byteCount = 0
        var next = slot
        while next != PushWindow.none, let seq = window.seq(next) {
            let size = window.byteCount(next)
            if let end {
                if seq > end { break }
            } else if batch.count == recordsMax || (batch.count > 0 && byteCount + size > byteCountMax) {
                break
            }
            batch.count += 1
            batch.lastSeq = seq
            batch.lastSlot = next
            byteCount += size
            next = window.following(next)
        }
        if end == nil {
            lanes[lane].ends = [batch.lastSeq]
            lanes[lane].isSealed = false
        }
        return batch
    }

    /// The slots of a batch, oldest first.
    func slots(of batch: PushBatch) -> [UInt64] {
        var slots: [UInt64] = []
        slots.reserveCapacity(batch.count)
        var slot = batch.slot
        while slots.count < batch.count, slot != PushWindow.none {
            slots.append(slot)
            slot = window.following(slot)
        }
        return slots
    }

    /// What to store so that a restart repeats the same requests.
    var seals: [BatchSeal] {
        var seals = done
        for seal in restored where seal.last > finishedTo {
            seals.append(seal)
            // What was evicted meanwhile can be no part of it.
            seals[seals.count - 1].first = max(seal.first, finishedTo.next)
        }
        for lane in lanes.all {
            guard var first = window.seq(lanes[lane].first) else { continue }
            for end in lanes[lane].ends {
                seals.append(
                    BatchSeal(
                        first: first, last: end, share: Int(clamping: lanes[lane].key), shares: shares ?? 1,
                        isDone: false))
                first = end.next
            }
        }
        return seals
    }

    mutating func sealed(_ isStored: Bool, _ now: Int64) {
        sealing = nil
        isSealing = false
        guard isStored else {
            sealAt = now + 1_000
            return
        }
        stored = storing
        for lane in lanes.all where !lanes[lane].ends.isEmpty { lanes[lane].isSealed = true }
    }

    /// The lane and size of the batch that is under way under this slot.
    func sent(_ slot: UInt64) -> (lane: Int, count: Int)? {
        guard let lane = window.lane(slot), lane >= 0, lanes[lane].first == slot, lanes[lane].state == .sending else {
            return nil
        }
        return (lane, lanes[lane].sentCount)
    }

    /// The first `count` records of the lane are done with.
    mutating func finish(_ lane: Int, count: Int, _ now: Int64) {
        if declinedReason != nil { declinedReason = nil }
        let first = lanes[lane].first
        var slot = first
        var last = slot
        var byteCount = 0
        for _ in 0..<count where slot != PushWindow.none {
            let following = window.following(slot)
            byteCount += window.byteCount(slot)
            window.finish(slot)
            last = slot
            slot = following
        }
        if let end = lanes[lane].ends.first, let firstSeq = window.seq(first), let lastSeq = window.seq(last) {
            if settings.batching.isSealed { remember(firstSeq, lastSeq, lane) }
            if lastSeq >= end {
                lanes[lane].ends.removeFirst()
            } else {
                lanes[lane].isSealed = false
            }
            if lanes[lane].ends.isEmpty { lanes[lane].isSealed = false }
        }
        if byteCountMax < byteCountCeiling {
            byteCountMax += min(byteCountCeiling - byteCountMax, byteCountMax / 64 + 1)
        }
        if lanes.removeFirst(lane, following: slot, count: count, byteCount: byteCount) {
            settle(lane, now)
        } else {
            giveBack(lane)
        }
        advance()
    }

    /// A batch of several was condemned: halves it.
    mutating func bisect(_ lane: Int, count: Int, status: Int) {
        var slot = lanes[lane].first
        var byteCount = window.byteCount(slot)
        for _ in 1..<((count + 1) / 2) {
            slot = window.following(slot)
            byteCount += window.byteCount(slot)
        }
        if status == 413 { byteCountMax = max(1, min(byteCountMax, byteCount)) }
        if let middle = window.seq(slot) {
            lanes[lane].ends.insert(middle, at: 0)
            lanes[lane].isSealed = false
        }
        lanes.makeReady(lane)
    }

    /// Condemns single records of the lane's first batch; the rest of it counts as accepted.
    mutating func refuse(_ lane: Int, _ rejections: [PushOutcome.Rejection], count: Int, _ now: Int64) {
        var byIndex: [Int: PushOutcome.Rejection] = [:]
        for rejection in rejections { byIndex[rejection.index] = rejection }
        guard !byIndex.isEmpty else { return finish(lane, count: count, now) }
        lanes.refuse(lane, count: byIndex.count)
        var slot = lanes[lane].first
        for index in 0..<count where slot != PushWindow.none {
            if let rejection = byIndex[index] {
                refusals.append(
                    Refusal(slot: slot, status: rejection.status, reason: rejection.reason, dueAt: now))
            }
            slot = window.following(slot)
        }
    }

    /// The lane's first batch waits for its own back-off.
    mutating func cool(_ lane: Int, _ reason: String, _ link: inout PushLink, _ now: Int64) {
        let fresh = Backoff(initial: settings.retryDelayInitial, max: settings.retryDelayMax)
        cool(lane, lanes[lane].backoff ?? fresh, reason, &link, now)
    }

    /// As above, and longer: nothing tells that it will be taken soon.
    mutating func decline(_ lane: Int, _ reason: String, _ link: inout PushLink, _ now: Int64) {
        let fresh = Backoff(initial: settings.holdDelayInitial, max: settings.holdDelayMax)
        declinedReason = reason
        cool(lane, lanes[lane].backoff ?? fresh, reason, &link, now)
    }

    private mutating func cool(
        _ lane: Int, _ known: Backoff, _ reason: String, _ link: inout PushLink, _ now: Int64
    ) {
        var backoff = known
        let delay = link.coolingDelay(&backoff, now)
        let device = shares == nil ? lanes[lane].device : nil
        laneReason = device.map { "\(reason) (device \($0))" } ?? reason
        lanes.cool(lane, backoff: backoff, until: now + delay)
    }

    mutating func takeRefusal(_ now: Int64) -> Refusal? {
        guard let index = refusals.firstIndex(where: { !$0.isUnderWay && $0.dueAt <= now }) else { return nil }
        refusals[index].isUnderWay = true
        return refusals[index]
    }

    mutating func refused(_ slot: UInt64, _ isStored: Bool, _ now: Int64) {
        guard let index = refusals.firstIndex(where: { $0.slot == slot && $0.isUnderWay }) else { return }
        guard isStored else {
            refusals[index].isUnderWay = false
            refusals[index].dueAt = now + 1_000
            return
        }
        refusals.remove(at: index)
        guard let lane = window.lane(slot), lane >= 0 else {
            window.finish(slot)
            return advance()
        }
        lanes[lane].refusalsLeft -= 1
        if lanes[lane].refusalsLeft == 0 { finish(lane, count: lanes[lane].sentCount, now) }
    }

    private mutating func remember(_ first: SequenceNumber, _ last: SequenceNumber, _ lane: Int) {
        done.append(
            BatchSeal(
                first: first, last: last, share: Int(clamping: lanes[lane].key), shares: shares ?? 1, isDone: true))
    }
}
