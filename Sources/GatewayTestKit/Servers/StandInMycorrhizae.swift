internal import JSONText

/// A small, faithful Mycorrhizae broker for tests: publishing with a key and deduplication, replay acknowledgements, the event
/// stream; with its habit of answering 403 where it means 429, and 422 to a request without a key. Written without any of the
/// gateway's network code.
public final class StandInMycorrhizae: Sendable {
    /// How strict it is.
    public struct Configuration: Sendable {
        /// 0 takes a free port.
        public var port: UInt16 = 0
        public var keys: Set<String> = ["myco_key"]
        /// Requests that a key may make; more are answered 403. Nil: any number.
        public var requestsMax: Int?

        public init() {}
    }

    let state: Monitor<BrokerState>
    private let server: PeerServer

    /// Listens at once.
    public init(_ configuration: Configuration = Configuration()) throws {
        let state = Monitor(BrokerState(configuration))
        self.state = state
        let routes = BrokerRoutes(state: state)
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
    public func withLedger<R>(_ body: (BrokerLedger) throws -> R) rethrows -> R {
        try state.withLock { try body($0.ledger) }
    }

    /// Waits until the ledger satisfies `condition`; false if it does not within `limit`.
    public func wait(limit: Duration = .seconds(60), until condition: (BrokerLedger) -> Bool) -> Bool {
        state.wait(limit: limit) { condition($0.ledger) }
    }

    /// Listeners that are connected now.
    public var listenerCount: Int { state.withLock { $0.listeners.count } }

    /// Publishes a command to whoever listens; `payload` is JSON. Gives the message id.
    @discardableResult
    public func command(_ payload: String, device: String, id: String) -> String {
        let message =
            #"{"id":"\#(id)","channel":"device.\#(device).command","timestamp":"\#(MASState.utc())","ttl_seconds":3600,"#
            + #""source":{"type":"device","id":null,"device_serial":null},"message_type":"command","payload":\#(payload),"#
            + #""tracing":{},"priority":5,"tags":[]}"#
        send("event: message\r\ndata: \(message)\r\nid: \(id)\r\n\r\n")
        return id
    }

    /// Sends bytes as they are to whoever listens.
    public func send(_ text: String) { state.withLock { state in for feed in state.listeners { feed.put(text) } } }

    /// Ends every event stream, as a restart does.
    public func dropListeners() {
        state.withLock { state in
            for feed in state.listeners { feed.close() }
            state.listeners = []
        }
    }

    /// The next `times` requests of a route meet `fault`: `publish`, `ack`, `subscribe`.
    public func inject(_ fault: MASFault, times: Int = 1, on route: String = "publish") {
        state.withLock { $0.faults.script[route, default: []] += Array(repeating: fault, count: times) }
    }

    /// Every request of a route meets `fault` (nil: none).
    public func misbehave(_ fault: MASFault?, on route: String = "publish") {
        state.withLock { $0.faults.standing[route] = fault }
    }
}
