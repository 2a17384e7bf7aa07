public import GatewayModel

/// Something a driver learned about a device: what is nil or empty leaves what was known.
public struct Sighting: Sendable, Equatable {
    public var device: DeviceID
    public var source: SourceKind
    public var at: ReceiveTime
    public var presence: Device.Presence?
    public var displayName: String?
    public var role: String?
    public var firmware: String?
    public var boardType: String?
    public var reportedID: String?
    public var sensors: [String] = []
    public var capabilities: [String] = []
    /// `sensors` and `capabilities` are all that the device has, also if they are empty.
    public var replacesLists = false
    public var attributes: [String: String] = [:]
    /// Names of attributes that hold no longer.
    public var withdrawn: [String] = []
    /// Whoever tells `presence` will also tell when it changes.
    public var isWatched = false
    /// What is told was kept by somebody: it does not mean that the device was there at `at`.
    public var isHearsay = false

    public init(device: DeviceID, source: SourceKind, at: ReceiveTime, presence: Device.Presence? = nil) {
        self.device = device
        self.source = source
        self.at = at
        self.presence = presence
    }

    /// Lists and attributes kept of one device; what a hostile device sends beyond is dropped.
    static let attributeCountMax = 64

    func apply(to device: inout Device) {
        device.source = source
        if !isHearsay, device.lastHeard.map({ at.monotonicMilliseconds >= $0 }) ?? true {
            device.lastSeen = at.wall
            device.lastHeard = at.monotonicMilliseconds
        }
        if let presence {
            device.presence = presence
            device.isWatched = isWatched
        }
        if let displayName { device.displayName = displayName }
        if let role { device.role = role }
        if let firmware { device.firmware = firmware }
        if let boardType { device.boardType = boardType }
        if let reportedID { device.reportedID = reportedID }
        if !sensors.isEmpty || replacesLists { device.sensors = Array(sensors.prefix(Self.attributeCountMax)) }
        if !capabilities.isEmpty || replacesLists {
            device.capabilities = Array(capabilities.prefix(Self.attributeCountMax))
        }
        for key in withdrawn { device.attributes[key] = nil }
        for (key, value) in attributes
        where device.attributes[key] != nil || device.attributes.count < Self.attributeCountMax {
            device.attributes[key] = value
        }
    }
}
