internal import EventLoop
internal import GatewayModel
internal import HTTPClient

/// The loop of a destination: carries out what its machine decides. Confined to the destination's thread.
final class Delivery<Format: DeliveryFormat> {
    let owner: FormatDestination<Format>
    let http: HTTPMultiplexer
    let reader: DeliveryReader
    let side: (any SideTraffic)?
    let format: Format
    let judgement: StatusJudgement
    var machine: PushMachine
    var held = HeldItems()
    /// Requests under way: so few that they are looked through.
    var underWay: [UnderWay] = []
    var status: DestinationStatus
    var hasWorked = false
    /// Why the journal could not be read or written, while it cannot.
    var journalTrouble: String?
    private var publishAt = Int64.min

    struct UnderWay {
        var batch: DeliveryBatch
        /// Of its records, oldest first.
        var slots: [UInt64]
    }

    /// Tags from here on are those of side traffic; below it they are slots.
    static var sideTagFirst: UInt64 { UInt64(1) << 63 }
    /// How often the status is published while nothing but numbers changes, in milliseconds.
    private static var publishInterval: Int64 { 100 }
    /// Requests of side traffic at once.
    private static var sideRequestsMax: Int { 4 }

    init(_ owner: FormatDestination<Format>) throws {
        self.owner = owner
        let configuration = owner.configuration
        reader = try DeliveryReader(
            configuration.name, gateway: configuration.gatewayID, owner.sources, owner.format
        ) { [signals = owner.signals] in signals.wakeup.wake() }
        var client = configuration.client
        // One more for what is urgent.
        let requestsMax = configuration.push.parallelism + 1 + Self.sideRequestsMax
        client.connectionsMax = max(client.connectionsMax, requestsMax)
        http = try HTTPMultiplexer(client, requestsMax: requestsMax)
        side = owner.sideTraffic()
        format = owner.format
        judgement = StatusJudgement(peer: configuration.kind)
        let streams = try owner.sources.map {
            PushMachine.Stream($0.stream, from: $0.acknowledged(), seals: try $0.seals())
        }
        machine = PushMachine(configuration.push, streams, seed: owner.seed)
        status = owner.status
    }

    func run(_ stop: StopFlag) throws {
        let signals = owner.signals
        let subscriptions = owner.sources.enumerated().map { index, source in
            source.onAppend { signals.appended(stream: index) }
        }
        var stopAt: Int64?
        while true {
            let time = owner.clock.now()
            let now = time.monotonicMilliseconds
            if stop.isSet, stopAt == nil {
                stopAt = now + owner.configuration.push.stopLimit
                machine.on(.stop, now: now)
            }
            takeSignals(now)
            while let (stream, page) = reader.take() { takeIn(page, stream, now) }
            if stopAt == nil { makeSideRequests(time) }
            act(time)
            publish(now)
            if let stopAt, machine.isDrained || now >= stopAt { break }
            // What has ended together is taken as answered at the same time.
            var answeredAt: ReceiveTime?
            let isWoken = http.poll(timeout: timeout(now, stopAt), alsoWatching: signals.wakeup.fileDescriptor) {
                let time = answeredAt ?? owner.clock.now()
                answeredAt = time
                completed($0, time)
            }
            if isWoken { signals.wakeup.drain() }
        }
        withExtendedLifetime(subscriptions) {}
        http.cancelAll()
        status.state = .stopped
        owner.publish(status)
    }

    private func takeSignals(_ now: Int64) {
        let grown = owner.signals.takeGrown()
        for index in owner.sources.indices where grown & (1 << UInt32(index)) != 0 {
            machine.on(.appended(stream: index), now: now)
        }
        if owner.signals.takeFlush() {
            machine.on(.flush, now: now)
            side?.flush(now: now)
        }
        if owner.signals.takeAnnouncement() { side?.announce(now: now) }
    }

    /// Until the earliest moment at which something has to be done although nothing happens.
    private func timeout(_ now: Int64, _ stopAt: Int64?) -> Duration {
        var at = min(now + 60_000, stopAt ?? .max)
        let allowedAt = side?.recordAllowedAt(now: now)
        if let deadline = machine.deadline(now: now, maySend: allowedAt == nil) { at = min(at, deadline) }
        if stopAt == nil, let allowedAt, machine.hasSomethingToSend { at = min(at, allowedAt) }
        if stopAt == nil, let deadline = side?.deadline(now: now) { at = min(at, deadline) }
        if isStatusStale { at = min(at, publishAt) }
        return .milliseconds(max(0, at - now))
    }

    private func act(_ time: ReceiveTime) {
        let now = time.monotonicMilliseconds
        while let action = machine.next(now: now, maySend: side?.allowsRecord(now: now) ?? true) {
            switch action {
            case .read(let after, let limit, let stream): reader.ask(stream, after: after, limit: limit)
            case .send(let batch): send(batch, time)
            case .refuse(let slot, let status, let reason): refuse(slot, status, reason, now)
            case .seal(let seals, let stream): seal(seals, stream, now)
            case .save(let seq, let stream): save(seq, stream, now)
            }
        }
    }

    private func completed(_ completion: HTTPMultiplexer.Completion, _ time: ReceiveTime) {
        if completion.tag >= Self.sideTagFirst {
            let outcome = side?.answered(completion.tag - Self.sideTagFirst, completion.result, at: time)
            if case .limited(let reason, let retryAfter) = outcome {
                machine.on(.limited(reason: reason, retryAfter: retryAfter), now: time.monotonicMilliseconds)
            }
            return
        }
        guard let sent = takeUnderWay(completion.tag) else { return }
        let outcome =
            switch completion.result {
            case .failure(let error): judgement.outcome(error)
            case .success(let answer): format.outcome(answer, of: sent.batch, at: time)
            }
        side?.recordAnswered(completion.result, outcome, now: time.monotonicMilliseconds)
        answered(sent.slots, outcome, time)
    }

    /// The request whose first record has this slot, which is no longer under way.
    func takeUnderWay(_ slot: UInt64) -> UnderWay? {
        underWay.firstIndex { $0.slots.first == slot }.map { underWay.remove(at: $0) }
    }

    private func makeSideRequests(_ time: ReceiveTime) {
        guard let side else { return }
        while http.inFlight < http.requestsMax, let (number, request) = side.next(now: time) {
            do throws(HTTPClientError) {
                try http.submit(request, tag: Self.sideTagFirst + number)
            } catch {
                _ = side.answered(number, .failure(error), at: time)
                return
            }
        }
    }

    private var isStatusStale: Bool {
        status.inFlight != machine.inFlight
            || owner.sources.indices.contains { status.streams[$0].acknowledged != machine.streams[$0].finishedTo }
    }

    private func publish(_ now: Int64) {
        var next = status
        (next.state, next.reason) = machine.condition.state(hasWorked: hasWorked, journalTrouble)
        next.warnings = machine.declined.map { "\($0.stream.rawValue) are not taken: \($0.reason)" }
        side?.report(to: &next)
        let isNews =
            next.state != status.state || next.reason != status.reason || next.warnings != status.warnings
            || next.announced != status.announced || next.heartbeatPeriod != status.heartbeatPeriod
            || next.refusedHeartbeats != status.refusedHeartbeats
        guard isNews || (isStatusStale && now >= publishAt) else { return }
        publishAt = now + Self.publishInterval
        status = next
        status.inFlight = machine.inFlight
        for index in owner.sources.indices { status.streams[index].acknowledged = machine.streams[index].finishedTo }
        if let bulk = status.streams.last { status.acknowledged = bulk.acknowledged }
        owner.publish(status)
    }
}
