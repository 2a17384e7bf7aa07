public import JSONText

/// What a LoRaWAN network server tells of a device, in the words of neither: ChirpStack v4 and The Things Stack v3 are read
/// into it. Views of the parsed text stand in it; it must not outlive them.
public struct NetworkEvent {
    /// Who told it.
    public enum Server: String, Sendable {
        case chirpStack = "chirpstack"
        case theThingsStack = "tts"
    }

    /// What happened.
    public enum Kind {
        case uplink(NetworkUplink)
        /// The device has joined and counts from zero again.
        case join(address: String?)
        /// Something about a downlink of ours.
        case downlink(DownlinkProgress)
        case status(DeviceStatus)
        case location(DeviceLocation)
        /// A log entry of the server about the device, with particulars.
        case log(level: String, code: String, text: String, context: JSONValue?)
        /// Anything else that the server publishes on its own: what integrations add, stored as an event.
        case other
        /// What goes to the server: seen when somebody looks at the broker, stored by nobody.
        case command
    }

    /// Who told it.
    public var server: Server
    /// The last levels of the topic: `up`, `join`, `txack`, `down/ack` …
    public var name: String
    public var kind: Kind
    public var deviceEUI: LoRaEUI?
    /// What the server calls the device.
    public var deviceName: String?
    /// The application as it stands in topics.
    public var application: String?
    /// The server's own id of the event; empty if it has none.
    public var id = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    /// When the server says it happened, Unix milliseconds.
    public var time: Int64?
    /// The whole event.
    public let root: JSONValue
}

/// A packet of a device.
public struct NetworkUplink {
    public var counter: UInt32 = 0
    public var port: UInt8 = 0
    public var isConfirmed = false
    public var hasADR = false
    /// Decrypted, unless `isEncrypted`.
    public var payload: [UInt8] = []
    /// What the server's own codec made of it.
    public var fields: JSONValue?
    /// The server has no key of the application: the payload means nothing to us.
    public var isEncrypted = false
    /// Made up in the server's console, never sent by a device.
    public var isSimulated = false
    public var receptions: [Reception] = []
    public var radio = RadioSetting()
    /// When the best gateway heard it, by its GPS, Unix milliseconds.
    public var gatewayTime: Int64?
    /// Tells the sessions of the device apart; nil if the server does not.
    public var session: UInt64?
    /// Why the payload cannot be used although the rest can.
    public var damage: LoRaError?
    /// Seconds on the air, if the server says so.
    public var airtime: Double?
}

/// How a downlink fares.
public struct DownlinkProgress: Sendable, Equatable {
    /// How far it has got.
    public enum Stage: Sendable, Equatable {
        case queued
        /// A gateway has sent it. An unconfirmed downlink gets no further.
        case sent
        case acknowledged
        case refused(String)
    }

    /// How far it has got.
    public var stage: Stage
    /// The id it was given when it was queued; nil if it was somebody else's.
    public var commandID: String?
    public var counter: UInt32
}

/// What a device says of itself in answer to the network.
public struct DeviceStatus: Sendable, Equatable {
    /// dB above the demodulation limit.
    public var margin: Double
    public var hasExternalPower: Bool
    /// Percent; nil if it is not known.
    public var batteryLevel: Double?
}

/// Where a device is.
public struct DeviceLocation: Sendable, Equatable {
    public var latitude: Double
    public var longitude: Double
    public var altitude: Double
    /// Metres; nil if it is not known.
    public var accuracy: Double?
    /// `GPS`, `GEO_RESOLVER_TDOA`, `SOURCE_GPS` …
    public var source: String?

    /// Nil if there is no such place on Earth.
    init?(_ value: JSONValue) {
        let latitude = value["latitude"]?.double ?? 0
        let longitude = value["longitude"]?.double ?? 0
        guard (-90...90).contains(latitude), (-180...180).contains(longitude) else { return nil }
        self.latitude = latitude
        self.longitude = longitude
        altitude = value["altitude"]?.double ?? 0
        accuracy = value["accuracy"]?.double.flatMap { $0 > 0 ? $0 : nil }
        source = value["source"]?.string
    }
}
