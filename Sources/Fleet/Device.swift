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
    public var firstSeen: Timestamp
    public var lastSeen: Timestamp

    /// A device that says nothing of its presence counts as online while it was seen within this many milliseconds.
    public static let silenceMax: Int64 = 120_000

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

    /// Whether the device is there, as far as is known at `now`.
    public func isOnline(at now: Timestamp) -> Bool {
        switch presence {
        case .offline: false
        case .online where source == .serial: true
        case .online, .unknown: now.milliseconds - lastSeen.milliseconds <= Self.silenceMax
        }
    }
}
