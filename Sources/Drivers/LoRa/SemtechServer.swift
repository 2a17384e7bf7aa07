public import EventLoop
public import FieldProtocols
public import Fleet
public import GatewayModel
internal import Synchronization

/// The driver of Semtech packet forwarders: one thread with one UDP socket.
///
/// Frames of devices whose keys are configured are checked, decrypted and stored; of all others is told. What it has
/// acknowledged to a forwarder need not be durable: UDP gives no second chance, with or without the acknowledgement.
public final class SemtechServer: Driver {
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
    let configuration: SemtechConfiguration
    let outlets: Outlets
    let clock: any Clock
    let seed: UInt64
    private let wakeup: Wakeup
    private let current = Mutex(SemtechStatus())
    private let commanded = Mutex<Set<DeviceID>>([])

    /// `seed` makes tokens and waits differ.
    public init(
        _ configuration: SemtechConfiguration, outlets: Outlets, clock: any Clock, seed: UInt64
    ) throws(EventLoopError) {
        self.configuration = configuration
        self.outlets = outlets
        self.clock = clock
        self.seed = seed
        wakeup = try Wakeup()
    }

    /// Listens on a thread of its own until the task is cancelled; what has arrived by then is committed.
    public func run() async throws {
        defer {
            update {
                $0.port = nil
                $0.trouble = $0.trouble ?? "stopped"
            }
        }
        do {
            try await DedicatedThread.run(named: "lora-udp", wakeup: wakeup) { [self] stop in
                try SemtechLoop(self).run(stop)
            }
        } catch {
            update { $0.trouble = "\(error)" }
            throw error
        }
    }

    /// As of the last commit.
    public var status: SemtechStatus { current.withLock { $0 } }

    /// How it is now.
    public var condition: DriverCondition {
        let status = status
        if let trouble = status.trouble { return status.port == nil ? .stopped : .degraded(trouble) }
        return status.port == nil ? .stopped : .working
    }

    /// A command for this device may wait in the queue: look at once. May be called from any thread, for any device.
    public func commandsWaiting(for device: DeviceID) {
        commanded.withLock { commanded in if commanded.count < 1_024 { commanded.insert(device) } }
        wakeup.wake()
    }

    func takeCommanded() -> Set<DeviceID> {
        commanded.withLock { commanded in
            defer { commanded.removeAll() }
            return commanded
        }
    }

    func update(_ change: (inout SemtechStatus) -> Void) { current.withLock { change(&$0) } }
}
