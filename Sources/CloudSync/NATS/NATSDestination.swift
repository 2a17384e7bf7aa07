internal import EventLoop
public import GatewayModel
public import NATS
internal import Synchronization

/// Publishes the streams of this gateway to a stream of NATS JetStream, each under a subject of its own.
///
/// One thread owns the connection. A record is acknowledged to the journal only after JetStream has stored it. On every
/// connect the last stored message of each subject is read and the cursor moved to it, and each message is stored only
/// behind the one that comes before it in the journal; so each is stored once and in order, however short the server's
/// duplicate window is.
public final class NATSDestination: Destination {
    /// Where the servers are and how to talk to them.
    public struct Configuration: Sendable {
        /// As configured: the name of its cursors.
        public var name: String
        /// Our own id and the journal's epoch: part of subjects and ids.
        public var gatewayID: String
        public var epoch: String
        /// `nats://host:4222` or `tls://…`, tried in turn.
        public var servers: [String]
        /// The JetStream stream, and how to make it if `createsStream`.
        public var stream: StreamPlan
        public var createsStream = false
        /// The JetStream domain, if it is not the servers' own.
        public var domain: String?
        public var client = NATSSettings()
        public var push = PushSettings()
        /// Messages under way at once.
        public var depthMax = 512
        /// A connection on which a message is not answered for so long is given up (milliseconds).
        public var answerTimeout: Int64 = 5_000

        /// The stream is `mycogate-<gateway>` and takes the subjects of this gateway.
        public init(name: String, gatewayID: String, epoch: String, servers: [String]) {
            self.name = name
            self.gatewayID = gatewayID
            self.epoch = epoch
            self.servers = servers
            stream = StreamPlan(
                name: "mycogate-" + PublishedSubject.token(gatewayID),
                subjects: StreamName.allCases.map { PublishedSubject.name(gateway: gatewayID, stream: $0) })
            push.pageRecords = 256
            push.windowRecordsMax = 1_024
        }
    }

    let configuration: Configuration
    let sources: [DeliverySource]
    let clock: any Clock
    let seed: UInt64
    let signals: PushSignals
    private let current: Mutex<DestinationStatus>

    /// `seed` is for jitter.
    public init(
        _ configuration: Configuration, sources: [DeliverySource], clock: any Clock, seed: UInt64
    ) throws(CloudSyncError) {
        self.configuration = configuration
        self.sources = sources.sorted { $0.stream.deliveryRank < $1.stream.deliveryRank }
        self.clock = clock
        self.seed = seed
        guard !configuration.servers.isEmpty else { throw .cannotStart("no server is named") }
        do {
            signals = PushSignals(wakeup: try Wakeup())
        } catch {
            throw .cannotStart("\(error)")
        }
        current = Mutex(DestinationStatus(name: configuration.name, kind: "nats", self.sources))
    }

    /// Runs until the task is cancelled; then waits for answers under way within `PushSettings.stopLimit`, stores the
    /// cursors and returns.
    public func run() async throws {
        try await DedicatedThread.run(named: "push-\(configuration.name)", wakeup: signals.wakeup) { stop in
            try NATSPush(self).run(stop)
        }
    }

    /// Looks at once again at what waits for a back-off or is held.
    public func flush() { signals.requestFlush() }

    /// A record that is published late would stand behind later ones, and this destination keeps the order.
    public func resend(_ record: StoredRecord) -> ResendResult {
        .failed("a stream of NATS keeps the order of the journal; later records are stored already")
    }

    /// How it is going; safe from any thread.
    public var status: DestinationStatus { current.withLock { $0 }.measured(by: sources) }

    func publish(_ status: DestinationStatus) { current.withLock { $0 = status } }
}
