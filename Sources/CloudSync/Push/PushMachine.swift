package import GatewayModel

/// Decides what a destination does next: reads ahead, sends in parallel across devices and in order within one, the more
/// urgent stream first, moves the cursors over what is finished without a hole, backs off, holds, condemns. No I/O, no
/// clock, no chance of its own.
///
/// Facts go in through `on(_:now:)`, decisions come out of `next(now:maySend:)` until it returns nil; `deadline(maySend:)`
/// tells when to ask again although nothing happened. Times are milliseconds of the monotonic clock. Streams are named by
/// their place in `streams`; a slot belongs to one stream.
package struct PushMachine: ~Copyable {
    package enum Event {
        /// The stream may hold more than was read.
        case appended(stream: Int = 0)
        /// The answer to `.read`: its records get consecutive slots from `nextSlot(stream)` on; everything up to `next` has
        /// been looked at, and `more` tells whether there is something behind it.
        case read([Record], next: SequenceNumber, more: Bool, stream: Int = 0)
        case readFailed(stream: Int = 0)
        /// A request was made with so many bytes.
        case spent(Int)
        /// What became of the batch whose first record has this slot.
        case answered(slot: UInt64, PushOutcome)
        /// The end of `.refuse`: stored durably or not.
        case refused(slot: UInt64, Bool)
        /// The end of `.seal`: stored or not.
        case sealed(Bool, stream: Int = 0)
        /// The end of `.save`: stored durably or not.
        case saved(SequenceNumber, Bool, stream: Int = 0)
        /// Somebody wants everything tried now.
        case flush
        /// The destination limits our requests, seen elsewhere than at a record.
        case limited(reason: String, retryAfter: Int64?)
        case stop
    }

    package enum Action: Equatable {
        case read(after: SequenceNumber, limit: Int, stream: Int)
        case send(PushBatch)
        case refuse(slot: UInt64, status: Int, reason: String)
        /// In place of what was stored for this stream before. Survives the death of the process.
        case seal([BatchSeal], stream: Int)
        case save(SequenceNumber, stream: Int)
    }

    /// What people are told.
    package enum Condition: Equatable {
        case flowing
        case retrying(String)
        case held(String)
        case paced(String)
    }

    let settings: PushSettings
    /// The most urgent first. Looked into by their indices, since a copy of one costs more than what is asked of it.
    package private(set) var streams: [PushStream]
    private(set) var link: PushLink
    private var bandwidth: Bandwidth
    private(set) var inFlight = 0
    private var isStopping = false

    /// One cursor for each stream; they are served in the order of `StreamName.deliveryRank`, and `streams` has it.
    package init(_ settings: PushSettings, _ streams: [Stream], seed: UInt64) {
        self.settings = settings
        link = PushLink(settings, seed: seed)
        bandwidth = Bandwidth(settings.bandwidth)
        let byteCountMax = min(settings.batching.byteCountMax, bandwidth.requestByteCountMax ?? .max)
        self.streams = streams.sorted { $0.name.deliveryRank < $1.name.deliveryRank }.enumerated().map {
            PushStream($0.element, index: $0.offset, settings, byteCountMax: byteCountMax)
        }
    }

    package func nextSlot(_ stream: Int) -> UInt64 { streams[stream].window.nextSlot }
    /// Whether a record that was read is still to be delivered or refused.
    package func isHeld(_ slot: UInt64) -> Bool { streams[PushWindow.stream(of: slot)].window.isHeld(slot) }
    /// The slots of a batch, oldest first, until its answer is told.
    package func slots(of batch: PushBatch) -> [UInt64] {
        // Asking a stream copies it.
        batch.count == 1 ? [batch.slot] : streams[batch.stream].slots(of: batch)
    }

    /// Whether a stop has nothing left to do.
    package var isDrained: Bool {
        inFlight == 0
            && streams.indices.allSatisfy { streams[$0].isSaved && !(link.isFlowing && streams[$0].lanes.hasReady) }
    }

    /// Whether a record could be sent if the budget allowed it.
    package var hasSomethingToSend: Bool { streams.indices.contains { streams[$0].hasSomethingToSend } }

    /// The streams that the destination does not take now, although it takes others, with its reasons.
    var declined: [(stream: StreamName, reason: String)] {
        streams.indices.compactMap { index in
            streams[index].declinedReason.map { (streams[index].name, $0) }
        }
    }

    package var condition: Condition {
        if !link.isFlowing { return link.cause }
        for index in streams.indices where streams[index].lanes.coolingCount > 0 {
            if streams[index].declinedReason == nil { return .retrying(streams[index].laneReason) }
        }
        return .flowing
    }

    package mutating func on(_ event: Event, now: Int64) {
        switch event {
        case .appended(let stream): streams[stream].appended()
        case .read(let records, let next, let more, let stream):
            streams[stream].take(records, next: next, more: more, now: now)
        case .readFailed(let stream): streams[stream].readFailed(now)
        case .spent(let bytes): bandwidth.spend(bytes)
        case .answered(let slot, let outcome): answered(slot, outcome, now)
        case .refused(let slot, let isStored): streams[PushWindow.stream(of: slot)].refused(slot, isStored, now)
        case .sealed(let isStored, let stream): streams[stream].sealed(isStored, now)
        case .saved(let seq, let isStored, let stream): streams[stream].saved(seq, isStored, now)
        case .flush:
            link.flush()
            for index in streams.indices { streams[index].flush(now) }
        case .limited(let reason, let retryAfter): link.limit(reason, retryAfter, now)
        case .stop:
            isStopping = true
            for index in streams.indices { streams[index].stop(now) }
        }
    }

    /// The next thing to do, nil if there is none before `deadline`. `maySend` is false while a budget forbids requests.
    package mutating func next(now: Int64, maySend: Bool = true) -> Action? {
        for index in streams.indices {
            if let refusal = streams[index].takeRefusal(now) {
                return .refuse(slot: refusal.slot, status: refusal.status, reason: refusal.reason)
            }
            if let seals = streams[index].takeSeals(now) { return .seal(seals, stream: index) }
            if let seq = streams[index].takeSave(now) { return .save(seq, stream: index) }
        }
        if !isStopping {
            for index in streams.indices {
                guard let limit = streams[index].takeRead(now) else { continue }
                return .read(after: streams[index].readTo, limit: limit, stream: index)
            }
        }
        return maySend ? nextSend(now) : nil
    }

    /// When to ask again; nil: only after the next event. `maySend` as in `next`.
    package func deadline(now: Int64, maySend: Bool = true) -> Int64? {
        var earliest = Int64.max
        for index in streams.indices { earliest = min(earliest, streams[index].deadline(isStopping: isStopping)) }
        if !isStopping, maySend { earliest = min(earliest, sendAt(now)) }
        return earliest == .max ? nil : earliest
    }

    private func sendAt(_ now: Int64) -> Int64 {
        switch link.state {
        case .waiting(let until): return hasSomethingToSend ? until : .max
        case .probing(.some): return .max
        case .flowing, .probing(nil): break
        }
        var earliest = Int64.max
        for index in streams.indices {
            if let warmAt = streams[index].lanes.warmAt { earliest = min(earliest, warmAt) }
            guard streams[index].lanes.hasReady else { continue }
            if streams[index].sealAt > now { earliest = min(earliest, streams[index].sealAt) }
            if let at = bandwidth.allowedAt(isUrgent: streams[index].isUrgent, now: now) {
                earliest = min(earliest, at)
            }
        }
        return earliest
    }

    private mutating func nextSend(_ now: Int64) -> Action? {
        if isStopping, !link.isFlowing { return nil }
        link.look(now)
        for index in streams.indices {
            if !isStopping { streams[index].lanes.warm(now: now) }
            guard streams[index].lanes.hasReady else { continue }
            let isUrgent = streams[index].isUrgent
            // One request more than the parallelism, so that bulk under way never keeps an alarm waiting.
            guard link.allowsRequest(inFlight, extra: isUrgent ? 1 : 0),
                bandwidth.allows(isUrgent: isUrgent, now: now)
            else { continue }
            if let batch = streams[index].nextBatch(isOvertaken: isStopping, now) {
                inFlight += 1
                link.sent(batch.slot)
                return .send(batch)
            }
            if let seals = streams[index].takeSeals(now) { return .seal(seals, stream: index) }
        }
        return nil
    }

    private mutating func answered(_ slot: UInt64, _ outcome: PushOutcome, _ now: Int64) {
        let index = PushWindow.stream(of: slot)
        guard streams.indices.contains(index), let (lane, count) = streams[index].sent(slot) else { return }
        inFlight -= 1
        let wasProbe = link.took(slot)
        switch outcome {
        case .accepted:
            streams[index].finish(lane, count: count, now)
            link.worked(wasProbe, now)
        case .acceptedFirst(let accepted) where accepted > 0:
            streams[index].finish(lane, count: min(accepted, count), now)
            link.worked(wasProbe, now)
        case .acceptedFirst: troubled(index, lane, "nothing of the batch was accepted", wasProbe, now)
        case .rejected(let rejections):
            guard rejections.allSatisfy({ (0..<count).contains($0.index) }) else {
                return troubled(index, lane, "the answer rejects records that were not sent", wasProbe, now)
            }
            streams[index].refuse(lane, rejections, count: count, now)
            link.worked(wasProbe, now)
        case .condemned(let status, let reason):
            if count > 1 {
                streams[index].bisect(lane, count: count, status: status)
            } else {
                let rejection = PushOutcome.Rejection(index: 0, status: status, reason: reason)
                streams[index].refuse(lane, [rejection], count: 1, now)
            }
            link.worked(wasProbe, now)
        case .troubled(let reason): troubled(index, lane, reason, wasProbe, now)
        case .declined(let reason):
            streams[index].decline(lane, reason, &link, now)
            link.worked(wasProbe, now)
        case .unreachable(let reason):
            streams[index].lanes.makeReady(lane)
            link.missed(reason, now)
        case .unavailable(let reason, let retryAfter):
            streams[index].lanes.makeReady(lane)
            link.pause(reason, retryAfter, now)
        case .limited(let reason, let retryAfter):
            streams[index].lanes.makeReady(lane)
            link.limit(reason, retryAfter, now)
        case .misdirected(let reason):
            streams[index].lanes.makeReady(lane)
            link.holdBack(reason, now)
        case .abandoned: streams[index].lanes.makeReady(lane)
        }
    }

    private mutating func troubled(_ index: Int, _ lane: Int, _ reason: String, _ wasProbe: Bool, _ now: Int64) {
        streams[index].cool(lane, reason, &link, now)
        link.troubled(reason, wasProbe, now)
    }
}
