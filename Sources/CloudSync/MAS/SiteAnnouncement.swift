public import GatewayModel

/// What the MAS is told about this site: the gateway, how to call it back, and the devices that it relays.
public struct SiteAnnouncement: Sendable, Equatable {
    /// The gateway's own id, without a prefix.
    public var gatewayID: String
    /// Where the MAS reaches our HTTP side: name or address, and port (`http.advertise`).
    public var host: String
    public var port: Int
    public var displayName: String?
    /// Free text, or `lat,lon` for the map.
    public var location: String?
    public var version: String
    public var boardType: String
    /// `store_and_forward`, `lora`, `ble`, `wifi`, `sim`.
    public var capabilities: [String]
    public var devices: [DeviceAnnouncement]

    public init(gatewayID: String, host: String, port: Int, version: String, devices: [DeviceAnnouncement] = []) {
        self.gatewayID = gatewayID
        self.host = host
        self.port = port
        self.version = version
        boardType = "linux"
        capabilities = ["store_and_forward"]
        self.devices = devices
    }
}

/// What the MAS is told about one relayed device.
public struct DeviceAnnouncement: Sendable, Equatable, Hashable {
    /// The gateway's stable id: the id in the registry and the path id of commands.
    public var id: DeviceID
    public var name: String?
    /// `mushroom1`, `sporebase`, `hyphae1` …; nil means `standalone`.
    public var role: String?
    public var displayName: String?
    public var location: String?
    public var firmwareVersion: String?
    public var boardType: String?
    public var sensors: [String] = []
    public var capabilities: [String] = []
    public var source: SourceKind
    /// The id that the firmware reports of itself.
    public var reportedID: String?

    public init(id: DeviceID, source: SourceKind) {
        self.id = id
        self.source = source
    }
}
