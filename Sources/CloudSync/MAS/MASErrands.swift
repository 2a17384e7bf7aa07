internal import EventLoop
internal import GatewayModel
internal import HTTPClient

/// What a MAS destination does beside its records: heartbeats for the gateway and its devices, and the request budget that
/// both share. Confined to the destination's thread.
final class MASErrands: SideTraffic {
    private let announcement: @Sendable () -> SiteAnnouncement?
    private let url: String
    private let headers: [ClientRequest.Header]
    private let answers = MASAnswer()
    private let onServerTime: (@Sendable (Int64) -> Void)?
    private var budget: RequestBudget
    private var heartbeats: HeartbeatSchedule
    /// Heartbeats under way: the device by number.
    private var underWay: [UInt64: String] = [:]
    private var nextNumber: UInt64 = 0
    private var site: SiteAnnouncement?
    private var warnings: [String] = []
    private var lastAnswerWasGood = false
    private var lastRecordAt = Int64.min
    private var lastFailureAt = Int64.min
    /// Why heartbeats fail, while they do, and what that makes of the destination if nothing else tells.
    private var trouble: (state: DestinationStatus.State, reason: String)?
    private var answersSeen: UInt64 = 0
    private var listAt = Int64.min
    /// Going through all devices is worth it only after a change.
    private var shown = (changes: -1, announced: 0, period: Int64(0), refused: [String: String]())

    /// How often the devices are looked at again, in milliseconds.
    private static let listInterval: Int64 = 2_000

    init(
        _ configuration: MASDestination.Configuration, seed: UInt64, now: Int64,
        announcement: @escaping @Sendable () -> SiteAnnouncement?
    ) {
        self.announcement = announcement
        url = configuration.url + "/api/devices/heartbeat"
        headers = MASFormat.headers(serviceToken: configuration.serviceToken)
        onServerTime = configuration.onServerTime
        let isExempt = configuration.serviceToken != nil
        budget = RequestBudget(isExempt ? .never : configuration.alwaysPaced ? .always : .adaptive, now: now)
        heartbeats = HeartbeatSchedule(isPaced: !isExempt, seed: seed)
    }

    func next(now time: ReceiveTime) -> (number: UInt64, request: ClientRequest)? {
        let now = time.monotonicMilliseconds
        if now >= listAt {
            listAt = now + Self.listInterval
            list(now)
        }
        while budget.allowsHeartbeat(now: now), let id = heartbeats.next(now: now) {
            guard let body = body(of: id) else {
                heartbeats.answered(id, .failed(retryAfter: nil), now: now)
                continue
            }
            nextNumber = (nextNumber + 1) & 0xFFFF_FFFF_FFFF
            underWay[nextNumber] = id
            budget.spendHeartbeat()
            return (nextNumber, ClientRequest(.post, url, headers: headers, body: body))
        }
        return nil
    }

    func deadline(now: Int64) -> Int64? {
        guard let due = heartbeats.deadline else { return listAt }
        return min(listAt, max(due, budget.heartbeatAt(now: now) ?? due))
    }

    func answered(
        _ number: UInt64, _ result: Result<ClientAnswer, HTTPClientError>, at time: ReceiveTime
    ) -> PushOutcome? {
        guard let id = underWay.removeValue(forKey: number) else { return nil }
        let now = time.monotonicMilliseconds
        look(result, now)
        let (answer, outcome) = answers.heartbeat(result, wall: time.wall.milliseconds)
        heartbeats.answered(id, answer, now: now)
        if outcome != .accepted { lastFailureAt = now }
        switch outcome {
        case .accepted:
            lastAnswerWasGood = true
            trouble = nil
            if let time = RetryAfter.serverTime(result) { onServerTime?(time) }
        case .condemned: trouble = nil
        case .limited(let reason, _): trouble = (.paced, reason)
        case .troubled(let reason), .declined(let reason), .unavailable(let reason, _), .unreachable(let reason):
            trouble = (.retrying, reason)
        case .misdirected(let reason): trouble = (.held, reason)
        case .abandoned, .acceptedFirst, .rejected: break
        }
        return outcome
    }

    func flush(now: Int64) { heartbeats.flush(now: now) }
    func announce(now: Int64) { heartbeats.announceAgain(now: now) }

    func allowsRecord(now: Int64) -> Bool { budget.allowsEnvelope(now: now) }
    func recordAllowedAt(now: Int64) -> Int64? { budget.envelopeAt(now: now) }
    func recordSent() { budget.spendEnvelope() }

    func recordAnswered(_ result: Result<ClientAnswer, HTTPClientError>, _ outcome: PushOutcome, now: Int64) {
        look(result, now)
        if outcome == .accepted { lastRecordAt = now }
        if case .limited(_, let retryAfter) = outcome { heartbeats.pause(retryAfter, now) }
    }

    func report(to status: inout DestinationStatus) {
        if heartbeats.changes != shown.changes {
            shown = (heartbeats.changes, heartbeats.acceptedCount, heartbeats.period, heartbeats.refusals)
        }
        status.announced = shown.announced
        status.heartbeatPeriod = shown.period
        status.refusedHeartbeats = shown.refused
        status.warnings += warnings
        guard status.state == .connected || status.state == .starting else { return }
        if budget.isLimited {
            (status.state, status.reason) = (.paced, "the MAS allows 1000 requests an hour without a service token")
        } else if let trouble {
            status.state = lastRecordAt > lastFailureAt ? .connected : trouble.state
            status.reason = "heartbeats: \(trouble.reason)"
        } else if lastAnswerWasGood {
            status.state = .connected
        }
    }

    /// Takes note of the devices there are now.
    private func list(_ now: Int64) {
        site = announcement()
        guard let site else { return heartbeats.list([], now: now) }
        var gateway = site
        gateway.devices = []
        let gatewayVersion = HeartbeatBody(site: gateway).gateway().hashValue
        var listed = [(id: HeartbeatBody.registryID(ofGateway: site.gatewayID), version: gatewayVersion)]
        for device in site.devices { listed.append((device.id.text, device.hashValue ^ gatewayVersion)) }
        heartbeats.list(listed, now: now)
        let isLocal = site.host == "localhost" || site.host.hasPrefix("127.") || site.host == "::1"
        warnings = isLocal ? ["the MAS is told to call back \(site.host), which is itself; set http.advertise"] : []
    }

    private func body(of id: String) -> [UInt8]? {
        guard let site else { return nil }
        if id == HeartbeatBody.registryID(ofGateway: site.gatewayID) { return HeartbeatBody(site: site).gateway() }
        return site.devices.first { $0.id.text == id }.map { HeartbeatBody(site: site).device($0) }
    }

    /// Searches the headers of an answer for a rate limit: of the first ones, of every 32nd and of refusals. A limit of
    /// sixty a minute is seen before it is used up.
    private func look(_ result: Result<ClientAnswer, HTTPClientError>, _ now: Int64) {
        guard budget.isAdaptive else { return }
        answersSeen &+= 1
        var isWorthIt = answersSeen <= 32 || answersSeen % 32 == 0
        if case .success(let answer) = result, answer.status == 429 { isWorthIt = true }
        if isWorthIt, MASAnswer.showsLimit(result) { budget.limited(now: now) }
    }
}
