public import GatewayModel

/// What the gateway knows of one device of its site.
public struct Device: Sendable, Equatable {
    /// What the device, its broker or its port last said about being there.
    public enum Presence: String, Sendable {
        case unknown, online, offline
    }

    public var id: DeviceID
    /// What the device calls itself.
    public var displayName: String?
    /// `mushroom1`, `hyphae1`, `side_b`, `gateway` …
    public var role: String?
    public var firmware: String?
    public var boardType: String?
    /// The id the firmware reports of itself: not unique (reference section 1.10), so an attribute only.
    public var reportedID: String?
    public var source: SourceKind
    public var sensors: [String]
    public var capabilities: [String]
    /// Everything else that was said of it, as text.
    public var attributes: [String: String]
    public var presence: Presence
    /// Whoever said that it is there will also say when it goes. Not kept over a restart.
    public var isWatched = false
    public var firstSeen: Timestamp
    public var lastSeen: Timestamp
    /// The same by the monotonic clock; nil if it was not seen since the gateway started.
    public var lastHeard: Int64?

    /// A device that says nothing of its presence counts as online while it was seen within this many milliseconds.
    public static let silenceMax: Int64 = 120_000
    /// The same of one whose going would be told: 25 hours, which is how long Zigbee2MQTT waits for a sleeping sensor.
    public static let watchedSilenceMax: Int64 = 90_000_000

    init(id: DeviceID, source: SourceKind, firstSeen: Timestamp) {
        self.id = id
        self.source = source
        self.firstSeen = firstSeen
        lastSeen = firstSeen
        presence = .unknown
        sensors = []
        capabilities = []
        attributes = [:]
    }

    /// Whether the device is there, as far as is known at `now`. A wall clock that is set makes no difference.
    public func isOnline(at now: ReceiveTime) -> Bool {
        switch presence {
        case .offline: return false
        // Their drivers tell when they go.
        case .online where source == .serial || source == .modbus: return true
        case .online, .unknown: break
        }
        let silenceMax = presence == .online && isWatched ? Self.watchedSilenceMax : Self.silenceMax
        if let lastHeard { return now.monotonicMilliseconds - lastHeard <= silenceMax }
        guard now.wall.trusted, lastSeen.trusted else { return false }
        return (0...silenceMax).contains(now.wall.milliseconds - lastSeen.milliseconds)
    }
}
