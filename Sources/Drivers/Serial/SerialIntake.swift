public import EventLoop
public import FieldProtocols
public import Fleet
public import GatewayModel
public import Serial
internal import Synchronization

/// The driver of all boards on serial ports: one thread waits for all of them, and what they send is committed together.
///
/// Boards may come, go and hang; none holds up another. Readings are acknowledged to a board only after the commit.
public final class SerialIntake: Driver {
    /// Which ports to open and what is known of the devices on them.
    public struct Configuration: Sendable {
        /// Where boards are expected.
        public var places: [SerialPlace]
        /// Take every port of a known vendor for a board, too.
        public var discovers: Bool
        /// Ports that others drive, which are not to be discovered.
        public var foreignPaths: [String] = []
        public var aliases: [DeviceAlias]
        /// How long the first message of a batch waits for others, on a site with many boards.
        public var linger: Duration

        public init(
            places: [SerialPlace], discovers: Bool = false, aliases: [DeviceAlias] = [],
            linger: Duration = .milliseconds(5)
        ) {
            self.places = places
            self.discovers = discovers
            self.aliases = aliases
            self.linger = linger
        }
    }

    /// What the driver is connected to. All are called on its thread.
    public struct Outlets: Sendable {
        /// Makes a batch durable before it returns; when it throws, the batch is kept and offered again.
        public var commit: @Sendable (ObservationBatch) throws -> Void
        /// What is done to the readings of a batch before it is committed.
        public var condition: @Sendable (inout ObservationBatch) -> Void = { _ in }
        /// Told which profile a device goes by, when its port is opened.
        public var described: @Sendable (DeviceName, Profile) -> Void = { _, _ in }
        public var commands: CommandSource
        public var heard: HeardNumbers
        public var darkFrames = DarkFrames.none
        /// Told what was learned about a device: presence, HELLO.
        public var sighted: @Sendable (Sighting) -> Void
        /// The ports of the box, and these paths among them or beside them.
        public var listPorts: @Sendable (_ configuredPaths: [String]) throws(SerialError) -> [PortEntry]
        public typealias OpenPort = @Sendable (_ path: String, LineSettings) throws(SerialError) -> SerialPort
        /// Opens a port; called on a thread of its own.
        public var openPort: OpenPort = { (path, settings) throws(SerialError) in
            try SerialPort(opening: path, settings: settings)
        }
        /// Closes a port, on a thread of its own.
        public typealias ClosePort = @Sendable (SerialPort) -> Void
        public var closePort: ClosePort = { $0.close() }
        /// Changes the speed of a port, on a thread of its own.
        public typealias SetBaud = @Sendable (SerialPort, Int) throws(SerialError) -> Void
        public var setBaud: SetBaud = { (port, baud) throws(SerialError) in try port.set(baud: baud) }

        public init(
            commit: @escaping @Sendable (ObservationBatch) throws -> Void, commands: CommandSource = .none,
            heard: HeardNumbers = .none, sighted: @escaping @Sendable (Sighting) -> Void = { _ in },
            listPorts: @escaping @Sendable ([String]) throws(SerialError) -> [PortEntry] = {
                (paths) throws(SerialError) in try PortList.ports(configuredPaths: paths)
            }
        ) {
            self.commit = commit
            self.commands = commands
            self.heard = heard
            self.sighted = sighted
            self.listPorts = listPorts
        }
    }

    /// The driver's name, as status and metrics show it.
    public let name = "serial"
    /// Lends the ports: borrow one by its path as `ports()` gives it.
    public let leases = PortLeases()

    private let configuration: Configuration
    private let outlets: Outlets
    private let clock: any Clock
    private let seed: UInt64
    private let inbox: SerialInbox
    private let snapshot = Mutex(SerialSnapshot())

    /// `seed` makes the waits between attempts differ.
    public init(
        _ configuration: Configuration, outlets: Outlets, clock: any Clock, seed: UInt64
    ) throws(EventLoopError) {
        self.configuration = configuration
        self.outlets = outlets
        self.clock = clock
        self.seed = seed
        inbox = try SerialInbox()
    }

    /// Drives the ports on a thread of its own until the task is cancelled; what has arrived by then is committed.
    public func run() async throws {
        defer { snapshot.withLock { $0.condition = .stopped } }
        try await DedicatedThread.run(named: name, wakeup: inbox.wakeup) { [self] stop in
            let loop = try SerialLoop(
                configuration, outlets: outlets, clock: clock, seed: seed, inbox: inbox, leases: leases
            ) { [self] ports, condition in
                snapshot.withLock {
                    $0.ports = ports
                    $0.condition = condition
                }
            }
            try loop.run(stop)
        }
    }

    /// How it is now.
    public var condition: DriverCondition { snapshot.withLock { $0.condition } }

    /// The ports in the order of the configuration, then the discovered ones. At most a second old.
    public func ports() -> [SerialPortStatus] { snapshot.withLock { $0.ports } }

    /// How long the thread may take for one turn: nothing that it does for a port takes so long, unless a decoder never ends.
    private static let turnMax: Int64 = 60_000

    /// Whether the thread comes round. One that does not can only be ended with the process.
    public func answers(at now: ReceiveTime) -> Bool {
        let turned = inbox.turnedAt.load(ordering: .relaxed)
        return turned == .max || now.monotonicMilliseconds - turned <= Self.turnMax
    }

    /// A command for this device may wait in the queue: look at once. May be called from any thread, for any device.
    public func commandsWaiting(for device: DeviceID) { inbox.put { $0.commanded.insert(device) } }
}

/// What other threads see of the serial thread.
private struct SerialSnapshot {
    var ports: [SerialPortStatus] = []
    var condition = DriverCondition.stopped
}
