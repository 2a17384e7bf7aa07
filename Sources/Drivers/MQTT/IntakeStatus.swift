public import MQTT

/// How the intake is doing, as status and metrics show it.
public struct IntakeStatus: Sendable, Equatable {
    /// How far the connection has got.
    public enum State: String, Sendable {
        /// Waiting for the next attempt to connect, or connecting.
        case disconnected
        /// Connected; the broker has not answered the subscriptions yet.
        case connected
        /// Messages come in.
        case subscribed
        /// The journal takes no writes: nothing is acknowledged until it does.
        case held
    }

    /// Where it stands now.
    public var state: State = .disconnected
    /// `host:port` of the broker; nil if it is not known yet.
    public var broker: String?
    /// Filters the broker refused, with its reason.
    public var refused: [String: MQTTReason] = [:]
    /// Messages that arrived, and their payload bytes.
    public var messages = 0
    public var bytes = 0
    /// Observations stored, and those that had been stored before.
    public var accepted = 0
    public var duplicates = 0
    /// Messages rejected, by reason.
    public var rejected: [String: Int] = [:]
    /// Messages stored without some of their values, by reason.
    public var mutilated: [String: Int] = [:]
    public var commits = 0
    public var connections = 0
    /// Replay acks given up because too much was waiting to be published; their devices will send again.
    public var acksDropped = 0
    /// The same of what topic families wanted published.
    public var publicationsDropped = 0
    /// The last thing that went wrong, for people, and its stable code; nil once messages come in again.
    public var lastError: String?
    public var lastErrorCode: String?

    /// Whether the gateway is ready as far as MQTT is concerned.
    public var isSubscribed: Bool { state == .subscribed }

    public init() {}
}
