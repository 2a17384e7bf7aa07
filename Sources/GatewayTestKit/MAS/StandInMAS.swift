internal import Glibc
internal import Synchronization

/// A small, faithful MAS for tests and demonstrations: device registry, envelope ingest, rate limit; written without any
/// of the gateway's network code, so that the two cannot share a mistake. It can misbehave on demand.
///
/// Also answers `GET /standin/ledger` (one JSON object a line and message) and `GET /standin/summary`, for those outside
/// of the process.
public final class StandInMAS: Sendable {
    /// Where it listens and how strict it is.
    public struct Configuration: Sendable {
        /// Listened on.
        public var address = "127.0.0.1"
        /// 0 takes a free port.
        public var port: UInt16 = 0
        /// Whether clients without the service token are limited.
        public var limitsRate = false
        public var requestsPerMinute = 60
        public var requestsPerHour = 1_000
        /// Exempts from the limit.
        public var serviceToken: String?
        /// Whether the ledger keeps whole envelopes, or only their hashes.
        public var keepsContent = true

        public init() {}
    }

    private let state: Monitor<MASState>
    private let server: PeerServer
    private let address: String

    /// Listens at once.
    public init(_ configuration: Configuration = Configuration()) throws {
        let state = Monitor(MASState(configuration))
        self.state = state
        address = configuration.address
        let routes = MASRoutes(state: state)
        server = try PeerServer(address: configuration.address, port: configuration.port) { request, body in
            routes.respond(to: request, body: body)
        }
    }

    deinit { server.stop() }

    /// Where it listens, and connections it has accepted.
    public var port: UInt16 { server.port }
    public var connectionsAccepted: Int { server.accepted.load(ordering: .relaxed) }
    public var url: String { "http://\(address):\(server.port)" }

    /// Closes the port and every connection.
    public func stop() { server.stop() }

    /// Lends the ledger.
    public func withLedger<R>(_ body: (MASLedger) throws -> R) rethrows -> R {
        try state.withLock { try body($0.ledger) }
    }

    /// The devices that the registry knows now.
    public var registeredDevices: Set<String> { state.withLock { $0.registry } }

    /// The next `times` requests of `route` meet `fault`; faults queue up.
    public func inject(_ fault: MASFault, times: Int = 1, on route: MASRoute = .envelopes) {
        state.withLock { $0.script[route, default: []] += Array(repeating: fault, count: times) }
    }

    /// Every request of `route` meets `fault` (nil: none) after the queued ones are used up.
    public func misbehave(_ fault: MASFault?, on route: MASRoute = .envelopes) {
        state.withLock { $0.standing[route] = fault }
    }

    /// Every envelope of this device meets `fault` (nil: none).
    public func misbehave(_ fault: MASFault?, device: String) {
        state.withLock { $0.standingByDevice[device] = fault }
    }

    /// A share (0 to 1) of all envelopes meets one of `faults`, chosen by a generator with `seed`.
    public func misbehaveAtRandom(share: Double, faults: [MASFault], seed: UInt64) {
        state.withLock { state in
            state.random = seed
            state.randomShare = faults.isEmpty ? 0 : share
            state.randomFaults = faults
        }
    }

    /// Forgets the registry, as a restart of the MAS does. Connections and ledger stay.
    public func restart() { state.withLock { $0.registry = [] } }

    /// Waits until the ledger satisfies `condition`; false if it does not within `limit`.
    public func wait(limit: Duration = .seconds(60), until condition: (MASLedger) -> Bool) -> Bool {
        state.wait(limit: limit) { condition($0.ledger) }
    }
}
