public import FieldProtocols
public import HTTPServer

/// Which LoRa gateways are heard, and which devices can be read without a network server.
public struct LoRaConfiguration: Sendable {
    /// A device activated by personalisation.
    public struct Device: Sendable {
        public var eui: LoRaEUI
        public var address: UInt32
        /// 16 bytes each.
        public var networkKey: [UInt8]
        public var applicationKey: [UInt8]
        public var restarts: DeviceSession.Restarts
        /// Whether its confirmed frames are answered though no command waits.
        public var isAcknowledged: Bool

        public init(
            eui: LoRaEUI, address: UInt32, networkKey: [UInt8], applicationKey: [UInt8],
            restarts: DeviceSession.Restarts = .refused, isAcknowledged: Bool = true
        ) {
            self.eui = eui
            self.address = address
            self.networkKey = networkKey
            self.applicationKey = applicationKey
            self.restarts = restarts
            self.isAcknowledged = isAcknowledged
        }
    }

    /// Semtech packet forwarders. The protocol has no authentication: a trusted network only.
    public struct Forwarders: Sendable {
        public var listen: DatagramPeer
        /// Those that are heard; all others are counted and told of.
        public var gateways: Set<LoRaEUI>

        public init(listen: DatagramPeer, gateways: Set<LoRaEUI>) {
            self.listen = listen
            self.gateways = gateways
        }
    }

    /// LoRa Basics Stations.
    public struct Stations: Sendable {
        public var listen: HTTPServer.Endpoint
        public var tls: HTTPServer.TLSFiles?
        public var gateways: Set<LoRaEUI>
        /// What they are told to listen to.
        public var plan: ChannelPlan

        public init(
            listen: HTTPServer.Endpoint, tls: HTTPServer.TLSFiles? = nil, gateways: Set<LoRaEUI>, plan: ChannelPlan
        ) {
            self.listen = listen
            self.tls = tls
            self.gateways = gateways
            self.plan = plan
        }
    }

    /// Nil: none.
    public var forwarders: Forwarders?
    /// Nil: none.
    public var stations: Stations?
    /// All that can be read.
    public var devices: [Device]
    /// What they and the gateways are called.
    public var naming: LoRaNaming
    /// Says where the windows of a frame are, and what the data rates of stations mean.
    public var region: LoRaRegion
    /// Between GPS time and UTC.
    public var leapSeconds: Int64
    /// How long the same frame is waited for from other gateways. A class A device opens its first window one second after
    /// its frame, so a downlink has to leave well before that.
    public var duplicateWindow: Duration
    /// Datagrams or messages a second that one gateway may send, after a burst of five times as many.
    public var rateMax: Int
    /// Power of downlinks in dBm.
    public var power: Int

    public init(
        forwarders: Forwarders? = nil, stations: Stations? = nil, devices: [Device] = [],
        naming: LoRaNaming = LoRaNaming(), region: LoRaRegion = .eu868, leapSeconds: Int64 = GPSTime.leapSecondsNow,
        duplicateWindow: Duration = .milliseconds(200), rateMax: Int = 100, power: Int = 14
    ) {
        self.forwarders = forwarders
        self.stations = stations
        self.devices = devices
        self.naming = naming
        self.region = region
        self.leapSeconds = leapSeconds
        self.duplicateWindow = duplicateWindow
        self.rateMax = rateMax
        self.power = power
    }
}

/// What has passed between this gateway and those of LoRa.
public struct LoRaStatus: Sendable, Equatable {
    /// Of packet forwarders.
    public var datagrams = 0
    /// Of stations.
    public var messages = 0
    /// Stations that are connected.
    public var stations = 0
    /// Packets heard with a good checksum, each counted once for every gateway.
    public var packets = 0
    /// Packets with a bad one: counted, never decoded.
    public var damagedPackets = 0
    /// Packets that another gateway had heard too.
    public var duplicates = 0
    /// Frames of known devices that were stored.
    public var accepted = 0
    public var downlinks = 0
    /// Refused datagrams, messages and frames, by reason.
    public var rejected: [String: Int] = [:]
    public var isRunning = false
    /// The UDP port, once it is open.
    public var port: Int?
    /// Why it does not work now; nil if it does.
    public var trouble: String?

    public init() {}
}
