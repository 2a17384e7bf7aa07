internal import GatewayModel
internal import HTTPClient

/// The single deeds of a destination.
extension Delivery {
    /// What the head of a request costs of the bandwidth, about.
    private static var headByteCount: Int { 300 }

    func takeIn(_ answer: Result<DeliveryReader.Page, any Error>, _ stream: Int, _ now: Int64) {
        switch answer {
        case .success(let page):
            // What an earlier life has delivered gets no slot that is sent; it stays out of the table.
            let slot = machine.nextSlot(stream)
            let known = machine.streams[stream].readTo
            machine.on(.read(page.records, next: page.next, more: page.more, stream: stream), now: now)
            let items = page.items.lazy.filter { $0.seq > known }
            held.append(items, from: slot) { machine.isHeld($0) }
            journalTrouble = nil
        case .failure(let error):
            journalTrouble = "the journal cannot be read: \(error)"
            machine.on(.readFailed(stream: stream), now: now)
        }
    }

    func send(_ batch: PushBatch, _ time: ReceiveTime) {
        let slots = machine.slots(of: batch)
        let delivery = DeliveryBatch(
            stream: owner.sources[batch.stream].stream, items: slots.compactMap { held[$0] },
            gatewayID: owner.configuration.gatewayID, epoch: owner.sources[batch.stream].epoch, share: batch.share,
            shares: batch.shares)
        let request = format.request(delivery, at: time).compressed(owner.configuration.compression)
        underWay.append(UnderWay(batch: delivery, slots: slots))
        status.attempts += 1
        side?.recordSent()
        machine.on(.spent(request.body.count + Self.headByteCount), now: time.monotonicMilliseconds)
        do throws(HTTPClientError) {
            try http.submit(request, tag: batch.slot)
        } catch {
            _ = takeUnderWay(batch.slot)
            answered(slots, judgement.outcome(error), owner.clock.now())
        }
    }

    /// `slots` are those of the batch, oldest first.
    func answered(_ slots: [UInt64], _ outcome: PushOutcome, _ time: ReceiveTime) {
        guard let first = slots.first else { return }
        let now = time.monotonicMilliseconds
        var accepted = 0
        switch outcome {
        case .accepted: accepted = slots.count
        case .acceptedFirst(let count): accepted = max(0, min(count, slots.count))
        case .rejected(let rejections):
            let condemned = Set(rejections.map(\.index))
            guard condemned.allSatisfy({ slots.indices.contains($0) }) else { break }
            for (index, slot) in slots.enumerated() where !condemned.contains(index) { held.remove(slot) }
            status.sent += slots.count - condemned.count
            hasWorked = true
        default: break
        }
        if accepted > 0 {
            for slot in slots.prefix(accepted) { held.remove(slot) }
            status.sent += accepted
            status.lastAck = time.wall
            hasWorked = true
        }
        machine.on(.answered(slot: first, outcome), now: now)
    }

    func refuse(_ slot: UInt64, _ code: Int, _ reason: String, _ now: Int64) {
        guard let item = held[slot] else { return machine.on(.refused(slot: slot, true), now: now) }
        do {
            try owner.sources[PushWindow.stream(of: slot)].refuse(item.seq, item.identityText, code, reason)
            held.remove(slot)
            status.refused += 1
            journalTrouble = nil
            machine.on(.refused(slot: slot, true), now: now)
        } catch {
            journalTrouble = "a refused record cannot be stored: \(error)"
            machine.on(.refused(slot: slot, false), now: now)
        }
    }

    func seal(_ seals: [BatchSeal], _ stream: Int, _ now: Int64) {
        do {
            try owner.sources[stream].seal(seals)
            journalTrouble = nil
            machine.on(.sealed(true, stream: stream), now: now)
        } catch {
            journalTrouble = "the ends of a batch cannot be stored: \(error)"
            machine.on(.sealed(false, stream: stream), now: now)
        }
    }

    func save(_ seq: SequenceNumber, _ stream: Int, _ now: Int64) {
        do {
            try owner.sources[stream].acknowledge(seq)
            journalTrouble = nil
            machine.on(.saved(seq, true, stream: stream), now: now)
        } catch {
            journalTrouble = "the cursor cannot be stored: \(error)"
            machine.on(.saved(seq, false, stream: stream), now: now)
        }
    }
}
