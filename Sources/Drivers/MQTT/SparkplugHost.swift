public import EventLoop
public import GatewayModel
internal import JSONText
public import MQTT
internal import Synchronization

/// Says that this gateway is a Sparkplug host application, so that edge nodes which wait for it send, and keep what they
/// have while it is away (specification 3.0, chapter 5, "Host Application Session").
///
/// A connection of its own, because a connection has one will. It stands only while the intake takes messages in.
public final class SparkplugHost: Driver {
    /// The driver's name, as status and metrics show it.
    public let name = "sparkplug-host"
    private let topic: String
    private let address: @Sendable () -> MQTTConfiguration?
    private let isTakingIn: @Sendable () -> Bool
    private let clock: any Clock
    private let seed: UInt64
    private let current = Mutex<DriverCondition>(.degraded("not connected yet"))

    /// `address` as of the intake; `isTakingIn`: whether what nodes send is stored now.
    public init(
        host: String, address: @escaping @Sendable () -> MQTTConfiguration?,
        isTakingIn: @escaping @Sendable () -> Bool, clock: any Clock, seed: UInt64
    ) {
        topic = "spBv1.0/STATE/\(host)"
        self.address = address
        self.isTakingIn = isTakingIn
        self.clock = clock
        self.seed = seed
    }

    /// How it is now.
    public var condition: DriverCondition { current.withLock { $0 } }

    /// Keeps the state at the broker until cancelled.
    public func run() async throws {
        try await DedicatedThread.run(named: "sparkplug-host") { self.work(until: $0) }
    }

    /// As `run()`, on the calling thread.
    public func work(until stop: StopFlag) {
        var backoff = Backoff(initial: .milliseconds(200), max: .seconds(10), stableAfter: .seconds(30))
        var random = Jitter(seed: seed)
        while !stop.isSet {
            guard isTakingIn(), let configuration = address() else {
                _ = stop.sleep(for: .milliseconds(500))
                continue
            }
            do {
                try converse(configuration, stop)
            } catch {
                current.withLock { $0 = .degraded(String(describing: error)) }
                _ = stop.sleep(for: backoff.failed(now: clock.now().monotonicMilliseconds, using: &random))
            }
        }
    }

    private func converse(_ base: MQTTConfiguration, _ stop: StopFlag) throws {
        // Will and birth bear the same time, by which nodes tell an old will from this session.
        let time = clock.now().wall.milliseconds
        var configuration = base
        configuration.clientID += "-sparkplug-host"
        configuration.cleanStart = true
        configuration.sessionExpiry = 0
        configuration.will = state(online: false, time)
        var isDenied = false
        let topic = topic
        let connection = try MQTTConnection(configuration) { message in
            // The will of an earlier connection may come after our birth.
            guard message.topic.elementsEqual(topic.utf8) else { return }
            let said = try? JSON(parsing: message.payload, byteCountMax: 4_096)  // what is no JSON is no state
            isDenied = isDenied || said?["online"]?.bool != true
        }
        defer { connection.destroyWithoutDisconnect() }
        try connection.connect(isCancelled: { stop.isSet })
        var keptAliveAt: Int64 = 0
        while !stop.isSet, isTakingIn() {
            connection.wait(with: stop, sending: true, milliseconds: 500)
            try connection.read()
            for event in connection.takeEvents() {
                if case .connected = event {
                    _ = try connection.subscribe([topic])
                    _ = try connection.publish(state(online: true, time))
                    current.withLock { $0 = .working }
                }
            }
            if isDenied {
                isDenied = false
                _ = try connection.publish(state(online: true, time))
            }
            let now = clock.now().monotonicMilliseconds
            if now - keptAliveAt >= 1_000 {
                keptAliveAt = now
                try connection.keepAlive()
            }
            if connection.wantsWrite { try connection.write() }
        }
        current.withLock { $0 = .degraded("nothing is taken in") }
        _ = try connection.publish(state(online: false, time))
        try connection.disconnect()
        try connection.write()
    }

    private func state(online: Bool, _ time: Int64) -> MQTTPublication {
        let body: JSON = ["online": .bool(online), "timestamp": .integer(time)]
        return MQTTPublication(topic: topic, payload: body.bytes, retain: true)
    }
}
