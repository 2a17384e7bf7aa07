public import EventLoop
public import Fleet
public import GatewayModel
public import Serial
internal import Synchronization

/// The driver of one bus of Modbus slaves, on a serial port or behind a TCP address: one thread, one master.
public final class ModbusBus: Driver {
    /// Where the slaves are.
    public enum Endpoint: Sendable, Equatable {
        case serial(path: String, LineSettings)
        case tcp(host: String, port: Int)

        /// As status shows it.
        public var text: String {
            switch self {
            case .serial(let path, _): path
            case .tcp(let host, let port): "\(host):\(port)"
            }
        }
    }

    /// Which bus, and who is on it.
    public struct Configuration: Sendable {
        public var endpoint: Endpoint
        public var devices: [ModbusDevice]
        /// How long an answer may take.
        public var timeout: Duration
        /// The silence before each request.
        public var gap: Duration

        /// How long after a question its answer is reckoned with at most. On a serial line it would be taken for that of
        /// another question, and slaves keep to no time exactly.
        var lateMax: Duration {
            if case .serial = endpoint { timeout * 2 } else { timeout }
        }

        public init(
            endpoint: Endpoint, devices: [ModbusDevice], timeout: Duration = .milliseconds(500), gap: Duration? = nil
        ) {
            self.endpoint = endpoint
            self.devices = devices
            self.timeout = timeout
            let isSerial = if case .serial = endpoint { true } else { false }
            self.gap = gap ?? (isSerial ? .milliseconds(20) : .zero)
        }
    }

    /// What the driver is connected to. All are called on its thread.
    public struct Outlets: Sendable {
        /// Makes a batch durable before it returns; when it throws, the batch is kept and offered again.
        public var commit: @Sendable (inout ObservationBatch) throws -> Void
        public var commands: CommandSource
        /// Told what was learned about a device.
        public var sighted: @Sendable (Sighting) -> Void

        public init(
            commit: @escaping @Sendable (inout ObservationBatch) throws -> Void, commands: CommandSource = .none,
            sighted: @escaping @Sendable (Sighting) -> Void = { _ in }
        ) {
            self.commit = commit
            self.commands = commands
            self.sighted = sighted
        }
    }

    /// `modbus:` and where the bus is.
    public let name: String
    /// Lends the port of a serial bus.
    public let leases = PortLeases()

    let configuration: Configuration
    let outlets: Outlets
    let clock: any Clock
    let seed: UInt64
    private let wakeup: Wakeup
    private let inbox = Mutex(Inbox())
    private let snapshot: Mutex<ModbusBusStatus>

    private struct Inbox {
        var commanded: Set<DeviceID> = []
        /// Somebody wants to borrow the port.
        var isWanted = false
    }

    /// `seed` makes the waits between attempts differ.
    public init(
        _ configuration: Configuration, outlets: Outlets, clock: any Clock, seed: UInt64
    ) throws(EventLoopError) {
        self.configuration = configuration
        self.outlets = outlets
        self.clock = clock
        self.seed = seed
        name = "modbus:" + configuration.endpoint.text
        wakeup = try Wakeup()
        snapshot = Mutex(ModbusBusStatus(configuration))
    }

    /// Reads the slaves until the task is cancelled; what was read by then is committed.
    public func run() async throws {
        defer { update { $0.condition = .stopped } }
        if case .serial(let path, _) = configuration.endpoint {
            leases.offer(
                path,
                by: PortLeases.Owner(
                    letGo: { [self] in put { $0.isWanted = true } },
                    takeBack: { [wakeup] in wakeup.wake() }))
        }
        defer { if case .serial(let path, _) = configuration.endpoint { leases.withdraw(path) } }
        try await DedicatedThread.run(named: "modbus", wakeup: wakeup) { [self] stop in
            ModbusBusLoop(self, stop: stop).run()
        }
    }

    /// As `run()`, on the calling thread, without lending.
    public func work(until stop: StopFlag) { ModbusBusLoop(self, stop: stop).run() }

    /// How it is now.
    public var condition: DriverCondition { snapshot.withLock { $0.condition } }

    /// The bus and its slaves.
    public var status: ModbusBusStatus { snapshot.withLock { $0 } }

    /// A command for this device may wait in the queue. May be called from any thread, for any device.
    public func commandsWaiting(for device: DeviceID) {
        guard configuration.devices.contains(where: { $0.id == device }) else { return }
        put { $0.commanded.insert(device) }
    }

    private func put(_ change: (inout Inbox) -> Void) {
        inbox.withLock { change(&$0) }
        wakeup.wake()
    }

    func takeCommanded() -> Set<DeviceID> {
        inbox.withLock { inbox in
            defer { inbox.commanded = [] }
            return inbox.commanded
        }
    }

    /// Whether somebody waits for the port.
    var isWanted: Bool { inbox.withLock { $0.isWanted } }

    /// As `isWanted`, once.
    func takeWish() -> Bool {
        inbox.withLock { inbox in
            defer { inbox.isWanted = false }
            return inbox.isWanted
        }
    }

    func update(_ change: (inout ModbusBusStatus) -> Void) { snapshot.withLock { change(&$0) } }
}
