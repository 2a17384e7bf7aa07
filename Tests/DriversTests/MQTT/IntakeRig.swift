import Drivers
import EventLoop
import FieldProtocols
import GatewayModel
import GatewayTestKit
import Journal
import MQTT
import Synchronization

/// Stores the payload of a message under its text, unless the text asks for something else.
struct EchoDecoder: MessageDecoder {
    var dropped: RejectReason?
    var refusal: ReplayAck?

    mutating func decode(
        topic: UnsafeBufferPointer<UInt8>, payload: UnsafeRawBufferPointer, retained: Bool, received: ReceiveTime,
        into batch: inout ObservationBatch
    ) -> Verdict {
        let levels = topic.split(separator: UInt8(ascii: "/"))
        guard levels.count == 4, let device = DeviceName(utf8: UnsafeBufferPointer(rebasing: levels[2])) else {
            return .unclaimed
        }
        guard payload.count <= 100_000 else { return .rejected(reason: .tooLarge, device: device) }
        let text = String(decoding: payload, as: UTF8.self)
        if text.hasPrefix("reject") {
            refusal = ReplayAck(device: device, messageID: text, seq: 1, isAccepted: false, reason: "too_deep")
            return .rejected(reason: .tooDeep, device: device)
        }
        if text.hasPrefix("word") {
            return .commandAck(device, CommandAnswer(requestID: nil, isOK: true, result: text))
        }
        var observation = Observation(device: device, received: received, source: .mqtt)
        observation.payloadHash = PayloadHash.of(payload)
        payload.withMemoryRebound(to: UInt8.self) { batch.append(observation, messageID: $0) }
        dropped = text.hasPrefix("partly") ? .valueNotFinite : nil
        let wantsAck = text.hasPrefix("ack")
        return .observation(device, replayAck: wantsAck ? ReplayAck(device: device, messageID: text, seq: 7) : nil)
    }
}

/// The journal as the intake sees it: remembers what was committed, and refuses or waits when told to.
final class CommitLedger: Sendable {
    struct Refusal: Error {}

    struct State {
        var texts: [String] = []
        var notes: [Note] = []
        var starts: [SessionStart?] = []
        var attempts = 0
        var words: [String] = []
        var refuses = false
        var waits = false
    }

    let state = Mutex(State())
    private let gate: Wakeup

    init() throws { gate = try Wakeup() }

    var texts: [String] { state.withLock { $0.texts } }
    var attempts: Int { state.withLock { $0.attempts } }

    func refuse(_ refuses: Bool) { state.withLock { $0.refuses = refuses } }
    func hold() { state.withLock { $0.waits = true } }

    func letGo() {
        state.withLock { $0.waits = false }
        gate.wake()
    }

    func commit(_ batch: ObservationBatch, _ start: SessionStart?) throws -> AppendReceipt {
        state.withLock { $0.attempts += 1 }
        while state.withLock({ $0.waits }) { gate.wait(timeout: .seconds(10)) }
        let texts = batch.observations.map { String(decoding: batch.bytes[$0.messageID], as: UTF8.self) }
        try state.withLock { state in
            if state.refuses { throw Refusal() }
            state.texts += texts
            state.notes += batch.notes
            state.starts.append(start)
        }
        return AppendReceipt(
            outcomes: texts.map { _ in .stored(SequenceNumber(1)) }, stored: texts.count, duplicates: 0)
    }
}

/// An intake at work on its own thread, ended with this object.
final class IntakeRig {
    let ledger: CommitLedger
    let intake: MQTTIntake<EchoDecoder>
    private let stop: StopFlag
    private let ended: Wakeup
    private var isRunning = true

    init(
        port: UInt16, ledger: CommitLedger? = nil, clock: any GatewayModel.Clock = SystemClock(isVouched: true),
        tls: MQTTConfiguration.TLS? = nil, keepAlive: UInt16 = 30, change: (inout IntakeSettings) -> Void = { _ in },
        commit: MQTTIntake<EchoDecoder>.Commit? = nil
    ) throws {
        let ledger = if let ledger { ledger } else { try CommitLedger() }
        self.ledger = ledger
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: port, clientID: "gw-1")
        configuration.tls = tls
        configuration.keepAlive = keepAlive
        let address = configuration
        var settings = IntakeSettings(gateway: "gw-1")
        change(&settings)
        let intake = try MQTTIntake(
            settings: settings, address: { address },
            makeDecoder: { EchoDecoder() }, commit: commit ?? { try ledger.commit($0, $1) },
            sink: { word in
                guard case .answer(_, let answer, _) = word else { return }
                ledger.state.withLock { $0.words.append(answer.result ?? "") }
            }, clock: clock, seed: 1)
        let ended = try Wakeup()
        let stop = StopFlag(wakeup: intake.wakeup)
        try DedicatedThread.start(named: "intake") {
            intake.work(until: stop)
            ended.wake()
        }
        self.intake = intake
        self.stop = stop
        self.ended = ended
    }

    deinit { end() }

    /// Stops the intake in order and waits for it.
    func end() {
        guard isRunning else { return }
        isRunning = false
        stop.set()
        ended.wait(timeout: .seconds(20))
    }

    func waitUntilSubscribed() -> Bool { Eventually.holds { self.intake.status.isSubscribed } }
}

extension MQTTPacket {
    /// A message of a device, QoS 1.
    static func reading(_ text: String, id: UInt16, duplicate: Bool = false) -> MQTTPacket {
        .publish(Array("mycosoft/devices/dev-1/telemetry".utf8), Array(text.utf8), id: id, duplicate: duplicate)
    }
}
