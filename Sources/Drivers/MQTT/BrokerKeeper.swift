public import EventLoop
public import GatewayModel
internal import Glibc
public import MQTT
internal import Synchronization

/// Keeps the private broker running for as long as the gateway runs.
public final class BrokerKeeper: Driver {
    public let name = "broker"
    private let settings: BrokerSettings
    private let clock: any Clock
    private let seed: UInt64
    private let onStart: @Sendable () -> Void
    private let state = Mutex(State())

    private struct State {
        var port: UInt16?
        var restarts = 0
        var failure: String?
    }

    /// `onStart` is called each time it accepts connections: wake the intake.
    public init(
        settings: BrokerSettings, clock: any Clock, seed: UInt64, onStart: @escaping @Sendable () -> Void
    ) {
        self.settings = settings
        self.clock = clock
        self.seed = seed
        self.onStart = onStart
    }

    /// Where it listens on 127.0.0.1; nil while it does not.
    public var port: UInt16? { state.withLock { $0.port } }

    /// How often it was started again after it had died.
    public var restarts: Int { state.withLock { $0.restarts } }

    /// How it is now.
    public var condition: DriverCondition {
        state.withLock { $0.port != nil ? .working : .degraded($0.failure ?? "not started yet") }
    }

    /// Starts it, starts it again whenever it ends, and stops it when cancelled. Throws only if mosquitto is not installed.
    public func run() async throws {
        try await DedicatedThread.run(named: "broker") { try self.work(until: $0) }
    }

    /// As `run()`, on the calling thread, with which the kernel ends the broker.
    public func work(until stop: StopFlag) throws {
        defer { state.withLock { $0.port = nil } }
        let broker = EmbeddedBroker(settings)
        var backoff = Backoff(initial: .milliseconds(200), max: .seconds(30), stableAfter: .seconds(30))
        var random = Jitter(seed: seed)
        while !stop.isSet {
            do {
                try broker.start()
                backoff.succeeded(now: clock.now().monotonicMilliseconds)
                state.withLock { $0.port = broker.port }
                onStart()
                watch(broker, stop)
                if stop.isSet { break }
                if let failure = broker.failure() { throw failure }
            } catch MQTTError.brokerNotInstalled(let path) {
                throw MQTTError.brokerNotInstalled(path)
            } catch {
                state.withLock { state in
                    if state.port != nil { state.restarts += 1 }
                    state.port = nil
                    state.failure = String(describing: error)
                }
                _ = stop.sleep(for: backoff.failed(now: clock.now().monotonicMilliseconds, using: &random))
            }
        }
        broker.stop()
    }

    /// Returns when the broker has ended or the thread is to stop.
    private func watch(_ broker: EmbeddedBroker, _ stop: StopFlag) {
        while !stop.isSet {
            var entries = [
                pollfd(fd: broker.exitDescriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: stop.wakeup.fileDescriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&entries, 2, -1) > 0 else { continue }
            if entries[0].revents != 0 { return }
            stop.wakeup.drain()
        }
    }
}
