/// A small, faithful MINDEX for tests: envelope ingest with its deduplication, health, the downlink queue, both kinds of
/// tokens and the second check below `/mycobrain`; with the defects that the reference lists. Written without any of the
/// gateway's network code.
public final class StandInMINDEX: Sendable {
    /// How strict it is, and how broken.
    public struct Configuration: Sendable {
        /// 0 takes a free port.
        public var port: UInt16 = 0
        /// Accepted as `X-Internal-Token`, and by the second check.
        public var tokens: Set<String> = ["token"]
        /// Of signed tokens; nil: none are accepted.
        public var secret: String?
        /// Accepted as `X-API-Key`.
        public var keys: Set<String> = []
        /// Acknowledging a command ends in a 500, as it does today.
        public var acknowledgingFails = true

        public init() {}
    }

    let state: Monitor<MINDEXState>
    private let server: PeerServer

    /// Listens at once.
    public init(_ configuration: Configuration = Configuration()) throws {
        let state = Monitor(MINDEXState(configuration))
        self.state = state
        let routes = MINDEXRoutes(state: state)
        server = try PeerServer(address: "127.0.0.1", port: configuration.port) { request, body in
            routes.respond(to: request, body: body)
        }
    }

    deinit { server.stop() }

    /// Where it listens.
    public var port: UInt16 { server.port }
    public var url: String { "http://127.0.0.1:\(server.port)" }

    /// Closes the port and every connection.
    public func stop() { server.stop() }

    /// Lends what it has received.
    public func withLedger<R>(_ body: (MINDEXLedger) throws -> R) rethrows -> R {
        try state.withLock { try body($0.ledger) }
    }

    /// Waits until the ledger satisfies `condition`; false if it does not within `limit`.
    public func wait(limit: Duration = .seconds(60), until condition: (MINDEXLedger) -> Bool) -> Bool {
        state.wait(limit: limit) { condition($0.ledger) }
    }

    /// Makes a device known to the downlink queue.
    public func register(_ serial: String, uuid: String) { state.withLock { $0.devices[serial] = uuid } }

    /// Queues a command: `payload` is the JSON of its `command_payload`.
    public func queue(_ id: String, serial: String, payload: String) {
        state.withLock { $0.commands.append((id, serial, payload, "pending")) }
    }

    /// Repairs or breaks the acknowledging of commands.
    public func setAcknowledging(fails: Bool) { state.withLock { $0.acknowledgingFails = fails } }

    /// The next `times` requests of a route meet `fault`: `envelope`, `health`, `serial`, `pending`, `ack`.
    public func inject(_ fault: MASFault, times: Int = 1, on route: String = "envelope") {
        state.withLock { $0.faults.script[route, default: []] += Array(repeating: fault, count: times) }
    }

    /// Every request of a route meets `fault` (nil: none).
    public func misbehave(_ fault: MASFault?, on route: String = "envelope") {
        state.withLock { $0.faults.standing[route] = fault }
    }
}
