public import FieldProtocols
internal import GatewayModel

/// Which packet forwarders are heard, and which devices can be read without a network server.
public struct SemtechConfiguration: Sendable {
    /// A device activated by personalisation.
    public struct Device: Sendable {
        public var eui: LoRaEUI
        public var address: UInt32
        /// 16 bytes each.
        public var networkKey: [UInt8]
        public var applicationKey: [UInt8]
        public var restarts: DeviceSession.Restarts

        public init(
            eui: LoRaEUI, address: UInt32, networkKey: [UInt8], applicationKey: [UInt8],
            restarts: DeviceSession.Restarts = .refused
        ) {
            self.eui = eui
            self.address = address
            self.networkKey = networkKey
            self.applicationKey = applicationKey
            self.restarts = restarts
        }
    }

    /// Where to listen. The protocol has no authentication: a trusted network only.
    public var listen: DatagramPeer
    /// The gateways that are heard; all others are counted and told of.
    public var gateways: Set<LoRaEUI>
    public var devices: [Device]
    public var naming: LoRaNaming
    /// How long the same frame is waited for from other gateways. A class A device opens its first window one second after
    /// its frame, so a downlink has to leave well before that.
    public var duplicateWindow: Duration
    /// Datagrams a second that one gateway may send, after a burst of five times as many.
    public var datagramRateMax: Int
    /// Power of downlinks in dBm.
    public var power: Int

    public init(
        listen: DatagramPeer, gateways: Set<LoRaEUI>, devices: [Device] = [], naming: LoRaNaming = LoRaNaming(),
        duplicateWindow: Duration = .milliseconds(200), datagramRateMax: Int = 100, power: Int = 14
    ) {
        self.listen = listen
        self.gateways = gateways
        self.devices = devices
        self.naming = naming
        self.duplicateWindow = duplicateWindow
        self.datagramRateMax = datagramRateMax
        self.power = power
    }
}

/// What has passed at the packet forwarders' port.
public struct SemtechStatus: Sendable, Equatable {
    public var datagrams = 0
    /// Packets heard with a good checksum, each counted once for every gateway.
    public var packets = 0
    /// Packets with a bad one: counted, never decoded.
    public var damagedPackets = 0
    /// Packets that another gateway had heard too.
    public var duplicates = 0
    /// Frames of known devices that were stored.
    public var accepted = 0
    public var downlinks = 0
    /// Refused datagrams and frames, by reason.
    public var rejected: [String: Int] = [:]
    /// The port, once it is open.
    public var port: Int?
    /// Why it does not work now; nil if it does.
    public var trouble: String?

    public init() {}
}
