public import EventLoop
internal import FieldProtocols
public import GatewayModel
public import Journal
public import MQTT
internal import Synchronization

/// Takes in what devices publish: every message is durable before the broker is told that we have it.
///
/// Messages that are lost between broker and gateway, by a kill at any moment, are sent again by the broker, because the
/// session survives and nothing was acknowledged; the journal recognises the repetitions.
public final class MQTTIntake<Decoder: MessageDecoder>: Driver {
    /// Stores a batch, as `Journal.append`: durable on return. Throwing means that nothing may be acknowledged.
    public typealias Commit = @Sendable (ObservationBatch, SessionStart?) throws -> AppendReceipt

    /// The driver's name, as status and metrics show it.
    public let name = "mqtt"
    let settings: IntakeSettings
    let address: @Sendable () -> MQTTConfiguration?
    let commit: Commit
    let clock: any Clock
    let seed: UInt64
    let outbox: MQTTOutbox
    private let makeDecoder: @Sendable () -> Decoder
    private let sink: @Sendable (DeviceWord) -> Void
    /// What the intake's thread waits on besides its connection.
    public let wakeup: Wakeup
    private let current = Mutex(IntakeStatus())
    private let whenSubscribed = Mutex<(@Sendable () -> Void)?>(nil)

    /// - Parameters:
    ///   - address: asked before each connection; nil while the broker is not there; `wakeup` ends the wait.
    ///   - makeDecoder: called once for each run, on the intake's thread.
    ///   - sink: gets presence and answers on the intake's thread, after the commit. Must be quick.
    ///   - seed: of the jitter between attempts.
    public init(
        settings: IntakeSettings, address: @escaping @Sendable () -> MQTTConfiguration?,
        makeDecoder: @escaping @Sendable () -> Decoder, commit: @escaping Commit,
        sink: @escaping @Sendable (DeviceWord) -> Void, clock: any Clock, seed: UInt64
    ) throws(EventLoopError) {
        self.settings = settings
        self.address = address
        self.makeDecoder = makeDecoder
        self.commit = commit
        self.sink = sink
        self.clock = clock
        self.seed = seed
        let wakeup = try Wakeup()
        self.wakeup = wakeup
        outbox = MQTTOutbox { wakeup.wake() }
    }

    /// Reads and stores until cancelled. Failures of the broker and of the journal end in another attempt, never here.
    public func run() async throws {
        try await DedicatedThread.run(named: "mqtt-intake", wakeup: wakeup) { self.work(until: $0) }
    }

    /// As `run()`, on the calling thread. `stop` must be made of `wakeup`.
    public func work(until stop: StopFlag) { IntakeLoop(self, decoder: makeDecoder(), stop: stop).run() }

    /// As of the last commit.
    public var status: IntakeStatus { current.withLock { $0 } }

    /// How it is now.
    public var condition: DriverCondition {
        let status = status
        switch status.state {
        case .subscribed where status.refused.isEmpty: return .working
        case .subscribed:
            let refused = status.refused.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            return .degraded("the broker refuses \(refused.joined(separator: ", "))")
        case .disconnected, .connected, .held: return .degraded(status.lastError ?? "not connected yet")
        }
    }

    /// Calls `body` on the intake's thread whenever a connection has its subscriptions.
    public func onSubscribed(_ body: @escaping @Sendable () -> Void) { whenSubscribed.withLock { $0 = body } }

    func tellSubscribed() { whenSubscribed.withLock { $0 }?() }

    /// Publishes something of our own, after what it depends on is durable. `completion` is called on the intake's
    /// thread once the broker has it. Survives reconnects, not a restart of the gateway.
    public func publish(
        _ publication: MQTTPublication, completion: MQTTOutbox.Completion? = nil
    ) throws(MQTTError) {
        try outbox.submit(publication, completion: completion)
    }

    /// Publishes what topic families want. A full outbox has much of theirs on the way; whoever wanted this one will want
    /// it again.
    func publish(_ wishes: [TopicPublication]) {
        var dropped = 0
        for wish in wishes {
            let publication = MQTTPublication(topic: wish.topic, payload: wish.payload, retain: wish.isRetained)
            do { try outbox.submit(publication) } catch { dropped += 1 }
        }
        if dropped > 0 { update { $0.publicationsDropped += dropped } }
    }

    func update(_ change: (inout IntakeStatus) -> Void) { current.withLock { change(&$0) } }

    /// Shows why a connection ended.
    func note(_ error: any Error) {
        let held = error as? IntakeError
        let code = held?.code ?? (error as? MQTTError)?.code ?? "mqtt_failed"
        update { status in
            status.state = held == nil ? .disconnected : .held
            status.lastError = String(describing: error)
            status.lastErrorCode = code
        }
    }

    /// The batch is durable: counts it, publishes its replay acks, passes its words on.
    func passOn(_ batch: IntakeBatch<Decoder>, _ receipt: AppendReceipt) {
        var dropped = 0
        let now = clock.now().wall
        for ack in batch.acks {
            let topic = "mycosoft/devices/\(ack.device.text)/replay-ack"
            do {
                try outbox.submit(MQTTPublication(topic: topic, text: ack.text(at: now)))
            } catch {
                dropped += 1
            }
        }
        publish(batch.publications)
        for word in batch.words { sink(word) }
        update { status in
            status.messages += batch.messageCount
            status.bytes += batch.byteCount
            status.accepted += receipt.stored
            status.duplicates += receipt.duplicates
            status.rejected = batch.rejects.rejected
            status.mutilated = batch.rejects.mutilated
            status.commits += 1
            status.acksDropped += dropped
        }
    }
}
