/// A downlink command and how far it has got.
public struct DeviceCommand: Sendable, Equatable {
    /// How far it has got.
    public enum State: String, Sendable, CaseIterable {
        case queued, sent, acknowledged, refused, expired

        /// Whether nothing more can come of it.
        public var isFinal: Bool { self == .acknowledged || self == .refused || self == .expired }
    }

    /// Given out by the gateway: a UUID.
    public var id: String
    public var device: DeviceID
    /// `read_sensors`, `estop`, `output_control` …
    public var name: String
    /// The text of one JSON object, without newlines.
    public var params: String
    /// Who asked: `cli:<user>`, `http:<token name>`, `mas`.
    public var origin: String
    public var state: State
    /// What the device answered, or why the command was refused or expired.
    public var result: String?
    public var created: Timestamp
    public var expires: Timestamp
    /// When it expires by the monotonic clock of this boot, in milliseconds; nil for one of an earlier boot that the
    /// queue has not taken over yet. The only one that counts: `expires` is for people.
    public var deadline: Int64?

    public init(
        id: String, device: DeviceID, name: String, params: String, origin: String, state: State, result: String?,
        created: Timestamp, expires: Timestamp, deadline: Int64? = nil
    ) {
        self.id = id
        self.device = device
        self.name = name
        self.params = params
        self.origin = origin
        self.state = state
        self.result = result
        self.created = created
        self.expires = expires
        self.deadline = deadline
    }

    /// When its time is over, in milliseconds of the monotonic clock; not before `now`.
    public func end(at now: ReceiveTime) -> Int64 {
        max(
            now.monotonicMilliseconds,
            deadline ?? now.monotonicMilliseconds &+ (expires.milliseconds &- created.milliseconds))
    }
}
