internal import EventLoop
internal import FieldProtocols
public import GatewayModel
public import HTTPClient
internal import JSONText

/// What there is to do at a MINDEX beside delivering records: fetch the commands of its downlink queue, tell what came of
/// them, report the health of devices (reference, section 6.4).
///
/// One request at a time, each device in turn. Nothing here holds up the records, and an answer of 500, which MINDEX gives to
/// every acknowledgement of a command today, is not taken for an outage.
public final class MINDEXErrands: SideTraffic {
    /// How often what is done. Milliseconds.
    public struct Settings: Sendable {
        /// As `MINDEXAddress.base` gives it.
        public var base: String
        public var credentials: MINDEXCredentials
        public var gatewayID: String
        public var pollInterval: Int64 = 10_000
        /// 0: no reports.
        public var healthInterval: Int64 = 300_000

        public init(base: String, credentials: MINDEXCredentials, gatewayID: String) {
            self.base = base
            self.credentials = credentials
            self.gatewayID = gatewayID
        }
    }

    let settings: Settings
    /// Nil: no commands are fetched.
    let memory: DownlinkMemory?
    private let devices: () -> [DeviceAnnouncement]
    let judgement = StatusJudgement(peer: "MINDEX")
    var stations = StationList()
    var outbox = AnswerOutbox()
    /// Why commands, health reports or the store do not work, while they do not.
    var commandTrouble: String?
    var healthTrouble: String?
    var storeTrouble: String?
    private(set) var underWay: (number: UInt64, errand: Errand)?
    private var nextNumber: UInt64 = 0
    private var listAt = Int64.min
    private var pausedUntil = Int64.min
    private var backoff = Backoff(initial: .seconds(1), max: .seconds(60))
    private var random: SplitMix64

    enum Errand {
        case tell(RemoteAnswer)
        case identify(DeviceID)
        case poll(DeviceID, uuid: String)
        case report(DeviceAnnouncement, isOnline: Bool)
    }

    /// Devices come and go at most this often, a refused key is tried again after the other.
    private static let listInterval: Int64 = 2_000
    private static let refusedPause: Int64 = 60_000

    /// - Parameters:
    ///   - devices: the devices that are there now; asked every few seconds on the destination's thread.
    ///   - seed: for jitter.
    public init(
        _ settings: Settings, memory: DownlinkMemory?, devices: @escaping () -> [DeviceAnnouncement], seed: UInt64
    ) {
        self.settings = settings
        self.memory = settings.credentials.opensDownlink ? memory : nil
        self.devices = devices
        random = SplitMix64(seed: seed)
        if memory != nil, !settings.credentials.opensDownlink {
            commandTrouble = "a signed token alone does not open /mycobrain; give an api_key or a pre-shared token"
        }
    }

    /// See `SideTraffic`.
    public func next(now: ReceiveTime) -> (number: UInt64, request: ClientRequest)? {
        let time = now.monotonicMilliseconds
        if time >= listAt {
            listAt = time + Self.listInterval
            stations.list(devices(), now: time)
        }
        if let memory { lookIntoStore(memory, now) }
        guard underWay == nil, time >= pausedUntil, let errand = choose(time) else { return nil }
        nextNumber = (nextNumber + 1) & 0xFFFF_FFFF
        underWay = (nextNumber, errand)
        return (nextNumber, request(for: errand, now))
    }

    /// See `SideTraffic`.
    public func deadline(now: Int64) -> Int64? {
        var at = listAt
        guard underWay == nil else { return at }
        if memory != nil { at = min(at, outbox.lookAt) }
        if let due = earliest { at = min(at, max(due, pausedUntil)) }
        return at
    }

    /// See `SideTraffic`.
    public func flush(now: Int64) {
        pausedUntil = now
        outbox.retryAll(now: now)
        stations.tryAll(now: now)
    }

    /// See `SideTraffic`.
    public func answered(
        _ number: UInt64, _ result: Result<ClientAnswer, HTTPClientError>, at time: ReceiveTime
    ) -> PushOutcome? {
        guard let (expected, errand) = underWay, expected == number else { return nil }
        underWay = nil
        let outcome: PushOutcome? =
            switch result {
            case .failure(let error): judgement.outcome(error)
            case .success(let answer): take(answer, of: errand, time)
            }
        return pause(outcome, errand, time.monotonicMilliseconds)
    }

    /// See `SideTraffic`.
    public func report(to status: inout DestinationStatus) {
        status.warnings +=
            [
                commandTrouble.map { "commands: \($0)" }, healthTrouble.map { "health reports: \($0)" },
                storeTrouble.map { "commands cannot be kept: \($0)" },
                outbox.givenUp > 0
                    ? "\(outbox.givenUp) answers to commands could not be told: \(outbox.lastReason)" : nil,
            ].compactMap { $0 }
    }

    private func choose(_ now: Int64) -> Errand? {
        if let answer = outbox.next(now: now) { return .tell(answer) }
        return stations.next(
            now: now, fetchesCommands: memory != nil, reportsHealth: settings.healthInterval > 0)
    }

    private var earliest: Int64? {
        let fromStations = stations.dueAt(
            fetchesCommands: memory != nil, reportsHealth: settings.healthInterval > 0)
        return [outbox.dueAt, fromStations].compactMap { $0 }.min()
    }

    /// Takes down what devices have answered; not more often than once a second, and not at all while nothing is open.
    private func lookIntoStore(_ memory: DownlinkMemory, _ now: ReceiveTime) {
        guard now.monotonicMilliseconds >= outbox.lookAt else { return }
        do {
            outbox.take(try memory.answers(now: now))
            outbox.lookAt = try memory.isIdle() ? .max : now.monotonicMilliseconds + 1_000
            storeTrouble = nil
        } catch {
            storeTrouble = "\(error)"
            outbox.lookAt = now.monotonicMilliseconds + 1_000
        }
    }

    /// What the server as a whole cannot do now waits; the errand stays due.
    private func pause(_ outcome: PushOutcome?, _ errand: Errand, _ now: Int64) -> PushOutcome? {
        switch outcome {
        case nil, .accepted:
            backoff.succeeded(now: now)
            return nil
        case .unavailable(let reason, let retryAfter), .limited(let reason, let retryAfter):
            let drawn = max(1_000, backoff.failed(now: now, using: &random).milliseconds)
            pausedUntil = now + (retryAfter ?? drawn)
            note(reason, errand)
            if case .limited = outcome { return outcome }
        case .troubled(let reason), .unreachable(let reason):
            pausedUntil = now + max(1_000, backoff.failed(now: now, using: &random).milliseconds)
            note(reason, errand)
        case .misdirected(let reason):
            pausedUntil = now + Self.refusedPause
            note(reason, errand)
        default: break
        }
        return nil
    }

    func note(_ reason: String?, _ errand: Errand) {
        switch errand {
        case .tell, .identify, .poll: commandTrouble = reason
        case .report: healthTrouble = reason
        }
    }
}
