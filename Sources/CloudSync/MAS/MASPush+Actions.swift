internal import FieldProtocols
internal import GatewayModel
internal import HTTPClient

/// The single deeds of a MAS destination.
extension MASPush {
    func takeIn(_ answer: Result<EnvelopeReader.Page, any Error>, _ now: Int64) {
        switch answer {
        case .success(let page):
            held.append(page, from: machine.nextSlot(0))
            journalTrouble = nil
            machine.on(.read(page.envelopes.map(\.record), next: page.next, more: page.more), now: now)
        case .failure(let error):
            journalTrouble = "the journal cannot be read: \(error)"
            machine.on(.readFailed(), now: now)
        }
    }

    func send(_ slot: UInt64, _ now: Int64) {
        guard let envelope = held[slot] else { return }
        guard let body = envelope.body else {
            let outcome = PushOutcome.condemned(status: 0, reason: "a reading without a device")
            return envelopeAnswered(slot, outcome, owner.clock.now())
        }
        budget.spendEnvelope()
        status.attempts += 1
        submit(owner.ingestURL, body, tag: slot) { error in
            envelopeAnswered(slot, .misdirected(reason: error.detail), owner.clock.now())
        }
    }

    func refuse(_ slot: UInt64, _ code: Int, _ reason: String, _ now: Int64) {
        guard let envelope = held[slot] else { return }
        let identity = String(decoding: envelope.messageID, as: UTF8.self)
        do {
            // Nothing is found if it has been evicted meanwhile: then it is in the loss ledger.
            var found: StoredRecord?
            _ = try owner.source.visit(SequenceNumber(envelope.seq.rawValue - 1), 1) { found = copy $0 }
            if let found, found.seq == envelope.seq { try owner.source.refuse(found, identity, code, reason) }
            held.remove(slot)
            status.refused += 1
            journalTrouble = nil
            machine.on(.refused(slot: slot, true), now: now)
        } catch {
            journalTrouble = "a refused record cannot be stored: \(error)"
            machine.on(.refused(slot: slot, false), now: now)
        }
    }

    func save(_ seq: SequenceNumber, _ now: Int64) {
        do {
            try owner.source.acknowledge(seq)
            journalTrouble = nil
            machine.on(.saved(seq, true), now: now)
        } catch {
            journalTrouble = "the cursor cannot be stored: \(error)"
            machine.on(.saved(seq, false), now: now)
        }
    }

    /// Takes note of the devices there are now.
    func list(_ now: Int64) {
        site = owner.announcement()
        guard let site else { return heartbeats.list([], now: now) }
        var gateway = site
        gateway.devices = []
        let gatewayVersion = HeartbeatBody(site: gateway).gateway().hashValue
        var listed = [(id: HeartbeatBody.registryID(ofGateway: site.gatewayID), version: gatewayVersion)]
        for device in site.devices { listed.append((device.id.text, device.hashValue ^ gatewayVersion)) }
        heartbeats.list(listed, now: now)
        let isLocal = site.host == "localhost" || site.host.hasPrefix("127.") || site.host == "::1"
        status.warnings =
            isLocal ? ["the MAS is told to call back \(site.host), which is itself; set http.advertise"] : []
    }

    func sendHeartbeat(_ id: String, _ now: Int64) {
        guard let site else { return heartbeats.answered(id, .failed(retryAfter: nil), now: now) }
        let body: [UInt8]
        if id == HeartbeatBody.registryID(ofGateway: site.gatewayID) {
            body = HeartbeatBody(site: site).gateway()
        } else if let device = site.devices.first(where: { $0.id.text == id }) {
            body = HeartbeatBody(site: site).device(device)
        } else {
            return heartbeats.answered(id, .failed(retryAfter: nil), now: now)
        }
        let tag = nextHeartbeatTag
        nextHeartbeatTag = tag == .max ? Self.heartbeatTagFirst : tag + 1
        heartbeatTags[tag] = id
        budget.spendHeartbeat()
        submit(owner.heartbeatURL, body[...], tag: tag) { error in
            heartbeatTags[tag] = nil
            heartbeatTrouble = (.held, error.detail)
            heartbeats.answered(id, .failed(retryAfter: 60_000), now: now)
        }
    }

    func heartbeatAnswered(_ completion: HTTPMultiplexer.Completion, _ time: ReceiveTime) {
        guard let id = heartbeatTags.removeValue(forKey: completion.tag) else { return }
        let now = time.monotonicMilliseconds
        let (answer, outcome) = answers.heartbeat(completion.result, wall: time.wall.milliseconds)
        heartbeats.answered(id, answer, now: now)
        if outcome != .accepted { lastHeartbeatFailureAt = now }
        switch outcome {
        case .accepted:
            lastAnswerWasGood = true
            heartbeatTrouble = nil
            if let time = RetryAfter.serverTime(completion.result) { owner.configuration.onServerTime?(time) }
        case .condemned: heartbeatTrouble = nil
        case .limited(let reason, let retryAfter):
            heartbeatTrouble = (.paced, reason)
            machine.on(.limited(reason: reason, retryAfter: retryAfter), now: now)
        case .troubled(let reason), .unavailable(let reason, _): heartbeatTrouble = (.retrying, reason)
        case .misdirected(let reason): heartbeatTrouble = (.held, reason)
        case .abandoned, .acceptedFirst, .rejected: break
        }
    }

    /// What people are told, from the most to the least pressing.
    func currentState() -> (DestinationStatus.State, String?) {
        if let journalTrouble { return (.retrying, journalTrouble) }
        switch machine.condition {
        case .held(let reason): return (.held, reason)
        case .retrying(let reason): return (.retrying, reason)
        case .paced(let reason): return (.paced, reason)
        case .flowing: break
        }
        if budget.isLimited { return (.paced, "the MAS allows 1000 requests an hour without a service token") }
        if let (state, reason) = heartbeatTrouble {
            return (lastEnvelopeAt > lastHeartbeatFailureAt ? .connected : state, "heartbeats: \(reason)")
        }
        return (lastAnswerWasGood ? .connected : .starting, nil)
    }

    private func submit(_ url: String, _ body: ArraySlice<UInt8>, tag: UInt64, onError: (HTTPClientError) -> Void) {
        do throws(HTTPClientError) {
            let request = ClientRequest(.post, url, headers: headers, body: body)
            try http.submit(request, tag: tag)
        } catch {
            onError(error)
        }
    }
}
