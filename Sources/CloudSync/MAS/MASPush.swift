internal import EventLoop
internal import FieldProtocols
internal import GatewayModel
internal import HTTPClient

/// The loop of a MAS destination: carries out what its state machines decide. Confined to the destination's thread.
final class MASPush {
    let owner: MASDestination
    let http: HTTPMultiplexer
    let answers = MASAnswer()
    let reader: EnvelopeReader
    let headers: [ClientRequest.Header]
    var machine: PushMachine
    var budget: RequestBudget
    var heartbeats: HeartbeatSchedule
    var held = HeldEnvelopes()
    /// Heartbeats under way: the device by tag.
    var heartbeatTags: [UInt64: String] = [:]
    var nextHeartbeatTag = MASPush.heartbeatTagFirst
    var site: SiteAnnouncement?
    var status: DestinationStatus
    var lastAnswerWasGood = false
    var lastEnvelopeAt = Int64.min
    var lastHeartbeatFailureAt = Int64.min
    /// Why heartbeats fail, while they do, and what that makes of the destination if nothing else tells.
    var heartbeatTrouble: (state: DestinationStatus.State, reason: String)?
    /// Why the journal could not be read or written, while it cannot.
    var journalTrouble: String?
    private var answersSeen: UInt64 = 0
    private var listAt = Int64.min
    private var publishAt = Int64.min
    private var heartbeatChangesShown = 0

    /// Tags below it are slots of records.
    static let heartbeatTagFirst = UInt64(1) << 63
    /// How often the devices are looked at again, and the status is published, in milliseconds.
    private static let listInterval: Int64 = 2_000
    private static let publishInterval: Int64 = 100

    init(_ owner: MASDestination) throws {
        self.owner = owner
        let configuration = owner.configuration
        reader = try EnvelopeReader(configuration, owner.source) { [signals = owner.signals] in signals.wakeup.wake() }
        var client = configuration.client
        let requestsMax = configuration.push.parallelism + HeartbeatSchedule.underWayMax
        client.connectionsMax = max(client.connectionsMax, requestsMax)
        // Short requests and answers: the total time-out says it all.
        client.acceptsCompression = false
        client.stallTimeout = nil
        http = try HTTPMultiplexer(client, requestsMax: requestsMax)
        headers = owner.requestHeaders
        let now = owner.clock.now().monotonicMilliseconds
        let cursor = owner.source.acknowledged()
        machine = PushMachine(configuration.push, [PushMachine.Stream(.readings, from: cursor)], seed: owner.seed)
        let isExempt = configuration.serviceToken != nil
        budget = RequestBudget(isExempt ? .never : configuration.alwaysPaced ? .always : .adaptive, now: now)
        heartbeats = HeartbeatSchedule(isPaced: !isExempt, seed: owner.seed &+ 1)
        status = DestinationStatus(
            name: configuration.name, kind: "mas", state: .starting, acknowledged: cursor, lag: 0)
    }

    func run(_ stop: StopFlag) throws {
        let signals = owner.signals
        let subscription = owner.source.onAppend { signals.appended() }
        var stopAt: Int64?
        while true {
            let now = owner.clock.now().monotonicMilliseconds
            if stop.isSet, stopAt == nil {
                stopAt = now + owner.configuration.push.stopLimit
                machine.on(.stop, now: now)
            }
            if signals.takeAppended() { machine.on(.appended(), now: now) }
            if signals.takeFlush() { flush(now) }
            if signals.takeAnnouncement() { heartbeats.announceAgain(now: now) }
            if let page = reader.take() { takeIn(page, now) }
            if stopAt == nil { sendHeartbeats(now) }
            act(now)
            publish(now)
            if let stopAt, machine.isDrained || now >= stopAt { break }
            let descriptor = signals.wakeup.fileDescriptor
            var time: ReceiveTime?
            let isWoken = http.poll(timeout: timeout(now, stopAt), alsoWatching: descriptor) { completion in
                let arrived = time ?? owner.clock.now()
                time = arrived
                completed(completion, arrived)
            }
            if isWoken { signals.wakeup.drain() }
        }
        withExtendedLifetime(subscription) {}
        http.cancelAll()
        status.state = .stopped
        owner.publish(status)
    }

    /// Until the earliest moment at which something has to be done although nothing happens.
    private func timeout(_ now: Int64, _ stopAt: Int64?) -> Duration {
        var at = min(now + 60_000, stopAt ?? .max)
        let budgetAt = budget.envelopeAt(now: now)
        if let deadline = machine.deadline(now: now, maySend: budgetAt == nil) { at = min(at, deadline) }
        if stopAt == nil {
            if let budgetAt, machine.hasSomethingToSend { at = min(at, budgetAt) }
            if let due = heartbeats.deadline { at = min(at, max(due, budget.heartbeatAt(now: now) ?? due)) }
            at = min(at, listAt)
        }
        if isStatusStale { at = min(at, publishAt) }
        return .milliseconds(max(0, at - now))
    }

    private func act(_ now: Int64) {
        while let action = machine.next(now: now, maySend: budget.allowsEnvelope(now: now)) {
            switch action {
            case .read(let after, let limit, _): reader.ask(after: after, limit: limit)
            case .send(let batch): send(batch.slot, now)
            case .refuse(let slot, let status, let reason): refuse(slot, status, reason, now)
            // Single records are not sealed.
            case .seal: break
            case .save(let seq, _): save(seq, now)
            }
        }
    }

    private func completed(_ completion: HTTPMultiplexer.Completion, _ time: ReceiveTime) {
        let now = time.monotonicMilliseconds
        if budget.isAdaptive, isWorthLooking(completion), MASAnswer.showsLimit(completion.result) {
            budget.limited(now: now)
        }
        if completion.tag >= Self.heartbeatTagFirst {
            heartbeatAnswered(completion, time)
        } else if let messageID = held[completion.tag]?.messageID {
            let outcome = answers.outcome(completion.result, messageID: messageID, wall: time.wall.milliseconds)
            envelopeAnswered(completion.tag, outcome, time)
        }
    }

    /// Whether to search the headers of this answer for a rate limit: of the first ones, of every 32nd and of refusals. A
    /// limit of sixty a minute is seen before it is used up.
    private func isWorthLooking(_ completion: HTTPMultiplexer.Completion) -> Bool {
        answersSeen &+= 1
        if answersSeen <= 32 || answersSeen % 32 == 0 { return true }
        if case .success(let answer) = completion.result { return answer.status == 429 }
        return false
    }

    func envelopeAnswered(_ slot: UInt64, _ outcome: PushOutcome, _ time: ReceiveTime) {
        let now = time.monotonicMilliseconds
        if outcome == .accepted {
            held.remove(slot)
            status.sent += 1
            status.lastAck = time.wall
            lastAnswerWasGood = true
            lastEnvelopeAt = now
        }
        if case .limited(_, let retryAfter) = outcome { heartbeats.pause(retryAfter, now) }
        machine.on(.answered(slot: slot, outcome), now: now)
    }

    private func flush(_ now: Int64) {
        machine.on(.flush, now: now)
        heartbeats.flush(now: now)
    }

    private func sendHeartbeats(_ now: Int64) {
        if now >= listAt {
            listAt = now + Self.listInterval
            list(now)
        }
        while budget.allowsHeartbeat(now: now), let id = heartbeats.next(now: now) { sendHeartbeat(id, now) }
    }

    private var isStatusStale: Bool {
        status.acknowledged != machine.streams[0].finishedTo || status.inFlight != machine.inFlight
    }

    private func publish(_ now: Int64) {
        let state = currentState()
        guard
            state != (status.state, status.reason) || (isStatusStale && now >= publishAt)
                || heartbeats.changes != heartbeatChangesShown
        else { return }
        publishAt = now + Self.publishInterval
        (status.state, status.reason) = state
        status.acknowledged = machine.streams[0].finishedTo
        status.inFlight = machine.inFlight
        if heartbeats.changes != heartbeatChangesShown {
            heartbeatChangesShown = heartbeats.changes
            status.announced = heartbeats.acceptedCount
            status.heartbeatPeriod = heartbeats.period
            status.refusedHeartbeats = heartbeats.refusals
        }
        owner.publish(status)
    }
}
