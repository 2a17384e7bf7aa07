public import EventLoop
public import FieldProtocols
public import Fleet
public import GatewayModel
internal import Synchronization

/// The driver of LoRa gateways: one thread with the UDP socket of packet forwarders, which also hears the stations that
/// `stations` lets in.
///
/// Frames of devices whose keys are configured are checked, decrypted and stored; of all others is told. What it has
/// acknowledged to a forwarder need not be durable: UDP gives no second chance, with or without the acknowledgement.
public final class LoRaServer: Driver {
    /// What the driver is connected to. All are called on its thread.
    public struct Outlets: Sendable {
        /// Makes a batch durable before it returns; when it throws, the batch is kept and offered again.
        public var commit: @Sendable (ObservationBatch) throws -> Void
        /// Brings what is new in a batch into its final form: calibration, bounds, deadbands. Before each attempt to commit.
        public var condition: @Sendable (inout ObservationBatch) -> Void = { _ in }
        public var commands: CommandSource
        public var counters: FrameCounters
        public var sighted: @Sendable (Sighting) -> Void
        /// Makes what reads payloads by profiles, for one thread.
        public var profile: @Sendable () -> PayloadReadings.ProfileCodec

        public init(
            commit: @escaping @Sendable (ObservationBatch) throws -> Void, commands: CommandSource = .none,
            counters: FrameCounters = .none, sighted: @escaping @Sendable (Sighting) -> Void = { _ in },
            profile: @escaping @Sendable () -> PayloadReadings.ProfileCodec = { { _, _, _, _, _ in nil } }
        ) {
            self.commit = commit
            self.commands = commands
            self.counters = counters
            self.sighted = sighted
            self.profile = profile
        }
    }

    /// The driver's name, as status and metrics show it.
    public let name = "lora"
    let configuration: LoRaConfiguration
    let outlets: Outlets
    let clock: any Clock
    let seed: UInt64
    private let wakeup: Wakeup
    private let current = Mutex(LoRaStatus())
    private let commanded = Mutex<Set<DeviceID>>([])
    let desk: StationDesk
    /// The port of LoRa Basics Stations, a driver of its own; nil if none are configured.
    public let stations: StationEndpoint?

    /// `seed` makes tokens and waits differ.
    public init(
        _ configuration: LoRaConfiguration, outlets: Outlets, clock: any Clock, seed: UInt64
    ) throws(EventLoopError) {
        self.configuration = configuration
        self.outlets = outlets
        self.clock = clock
        self.seed = seed
        wakeup = try Wakeup()
        let desk = StationDesk(wakeup: wakeup)
        self.desk = desk
        stations = configuration.stations.map { StationEndpoint($0, desk: desk) }
    }

    /// Listens on a thread of its own until the task is cancelled; what has arrived by then is committed.
    public func run() async throws {
        defer {
            update {
                $0.isRunning = false
                $0.port = nil
                $0.trouble = $0.trouble ?? "stopped"
            }
        }
        do {
            try await DedicatedThread.run(named: "lora", wakeup: wakeup) { [self] stop in
                try LoRaLoop(self).run(stop)
            }
        } catch {
            update { $0.trouble = "\(error)" }
            throw error
        }
    }

    /// As of the last commit.
    public var status: LoRaStatus { current.withLock { $0 } }

    /// How it is now.
    public var condition: DriverCondition {
        let status = status
        guard status.isRunning else { return .stopped }
        return status.trouble.map { .degraded($0) } ?? .working
    }

    /// A command for this device may wait in the queue: look at once. May be called from any thread, for any device.
    public func commandsWaiting(for device: DeviceID) {
        commanded.withLock { commanded in if commanded.count < 1_024 { commanded.insert(device) } }
        wakeup.wake()
    }

    func wake() { wakeup.wake() }

    func takeCommanded() -> Set<DeviceID> {
        commanded.withLock { commanded in
            defer { commanded.removeAll() }
            return commanded
        }
    }

    func update(_ change: (inout LoRaStatus) -> Void) { current.withLock { change(&$0) } }
}
