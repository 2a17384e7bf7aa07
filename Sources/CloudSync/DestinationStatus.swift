public import GatewayModel

/// How a destination is doing, for `status`, `sync` and the metrics.
public struct DestinationStatus: Sendable, Equatable {
    /// How it stands with the destination.
    public enum State: String, Sendable {
        /// Nothing has been answered since the start.
        case starting
        case connected
        /// Failing for now; tried again by itself.
        case retrying
        /// Wrong address or key: everything is kept until somebody mends it, and probed now and then.
        case held
        /// The destination limits our requests.
        case paced
        case stopped
    }

    /// How far one of its streams is.
    public struct Stream: Sendable, Equatable {
        public var name: StreamName
        /// Everything up to here has been delivered or condemned.
        public var acknowledged: SequenceNumber
        /// Records that are not acknowledged yet.
        public var lag: Int64
    }

    /// As configured.
    public var name: String
    public var kind: String
    /// Whether it takes what it is sent.
    public var state: State
    /// Why it is not `connected`, for people.
    public var reason: String?
    /// Everything of its bulk stream up to here has been delivered or condemned.
    public var acknowledged: SequenceNumber
    /// Records of all its streams that are not acknowledged yet.
    public var lag: Int64
    /// Each of its streams, the most urgent first.
    public var streams: [Stream] = []
    /// When the destination last confirmed a record, wall clock.
    public var lastAck: Timestamp?
    /// Since the start: records confirmed, requests made for them, records condemned.
    public var sent = 0
    public var attempts = 0
    public var refused = 0
    public var inFlight = 0
    /// Devices the destination knows of us, and the period of their heartbeats in milliseconds.
    public var announced = 0
    public var heartbeatPeriod: Int64 = 0
    /// Devices whose heartbeats were refused, with the reason.
    public var refusedHeartbeats: [String: String] = [:]
    /// Things that a person should mend although delivery goes on.
    public var warnings: [String] = []

    public init(name: String, kind: String, state: State, acknowledged: SequenceNumber, lag: Int64) {
        self.name = name
        self.kind = kind
        self.state = state
        self.acknowledged = acknowledged
        self.lag = lag
    }
}
