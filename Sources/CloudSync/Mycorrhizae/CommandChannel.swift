internal import EventLoop
public import GatewayModel
public import HTTPClient
internal import Synchronization

/// Takes the commands that a Mycorrhizae broker sends to the devices of this gateway, over server-sent events
/// (`GET /api/stream/subscribe`, reference, section 4.6).
///
/// The broker keeps nothing for those who are not connected, so a command that comes while the line is down comes over HTTP or
/// not at all. One that comes over both, or again after a reconnection, is done once.
public final class CommandChannel: Sendable {
    /// How it is doing.
    public struct Status: Sendable, Equatable {
        public var isOpen = false
        /// Why it is not open, or what was wrong last.
        public var reason: String?
        /// Commands taken since the start.
        public var taken = 0
        /// Messages of no use, by reason.
        public var ignored: [String: Int] = [:]
        /// Connections made.
        public var connections = 0
    }

    /// The bounds of the line.
    public struct Settings: Sendable {
        /// The broker sends a ping every 30 s: silence for longer than this is a dead line.
        public var idleTimeout: Duration = .seconds(75)
        public var retryDelayInitial: Duration = .seconds(1)
        public var retryDelayMax: Duration = .seconds(10)
        /// While the key or the address is wrong.
        public var holdDelay: Duration = .seconds(60)
        public var client = ClientSettings()

        public init() {}

        var backoff: Backoff { Backoff(initial: retryDelayInitial, max: retryDelayMax) }
    }

    let name: String
    let access: BrokerAccess
    let settings: Settings
    let memory: DownlinkMemory
    let isOurs: @Sendable (DeviceID) -> Bool
    let clock: any Clock
    let seed: UInt64
    private let wakeup: Wakeup
    private let current = Mutex(Status())
    private let isFlushed = Atomic(false)

    /// - Parameters:
    ///   - isOurs: whether a device is one of this gateway.
    ///   - seed: for jitter.
    public init(
        _ name: String, _ access: BrokerAccess, settings: Settings = Settings(), memory: DownlinkMemory,
        isOurs: @escaping @Sendable (DeviceID) -> Bool, clock: any Clock, seed: UInt64
    ) throws(CloudSyncError) {
        self.name = name
        self.access = access
        self.settings = settings
        self.memory = memory
        self.isOurs = isOurs
        self.clock = clock
        self.seed = seed
        do {
            wakeup = try Wakeup()
        } catch {
            throw .cannotStart("\(error)")
        }
    }

    /// Runs until the task is cancelled.
    public func run() async throws {
        try await DedicatedThread.run(named: "events-\(name)", wakeup: wakeup) { stop in
            try CommandListening(self).run(stop)
        }
    }

    /// Ends a wait for the next connection; safe from any thread.
    public func flush() {
        isFlushed.store(true, ordering: .releasing)
        wakeup.wake()
    }

    func takeFlush() -> Bool { isFlushed.exchange(false, ordering: .acquiring) }

    /// How it is doing; safe from any thread.
    public var status: Status { current.withLock { $0 } }

    func update(_ body: (inout Status) -> Void) { current.withLock { body(&$0) } }
}
