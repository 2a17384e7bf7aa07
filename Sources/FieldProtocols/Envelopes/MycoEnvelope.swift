/// MycoEnvelope version 1: one message of a device as deterministic CBOR with hash and signature (field reference,
/// sections 4.1 and 4.2).
public struct MycoEnvelope: Sendable, Equatable {
    /// A sensor or unit: a code of the envelope's tables, or a text.
    public enum Name: Sendable, Equatable {
        case code(UInt64)
        case text(String)
    }

    /// Place in units of 1e-7 degree, accuracy in metres.
    public struct Place: Sendable, Equatable {
        /// North is positive.
        public var latitudeE7: Int64
        /// East is positive.
        public var longitudeE7: Int64
        /// Radius of the fix.
        public var accuracyMetres: UInt64

        public init(latitudeE7: Int64, longitudeE7: Int64, accuracyMetres: UInt64) {
            self.latitudeE7 = latitudeE7
            self.longitudeE7 = longitudeE7
            self.accuracyMetres = accuracyMetres
        }
    }

    /// One value as an integer with a decimal scale.
    public struct Item: Sendable, Equatable {
        public var id: Name
        /// The value before its scale.
        public var integer: Int64
        /// Decimal places, 0 to 9.
        public var scale: UInt8
        public var unit: Name
        /// 0 ok, 1 warn, 2 bad.
        public var quality: UInt8

        public init(id: Name, integer: Int64, scale: UInt8, unit: Name, quality: UInt8) {
            self.id = id
            self.integer = integer
            self.scale = scale
            self.unit = unit
            self.quality = quality
        }

        /// The value in its unit: `integer` divided by ten to the power `scale`.
        public var value: Double { Double(integer) / Self.powers[Int(min(scale, 9))] }

        private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]
    }

    /// The only version there is (key 0).
    public static let version: UInt64 = 1
    /// Length of key 3.
    public static let messageIDByteCount = 16

    /// What the device calls itself (key 1).
    public var deviceID: String
    /// 1 lorawan, 2 mqtt, 3 ble, 4 lte, 5 other.
    public var transport: UInt64
    /// 16 bytes of a UUID.
    public var messageID: [UInt8]
    /// The device's clock in Unix milliseconds; negative or near zero while it is not set.
    public var milliseconds: Int64
    public var seq: UInt32
    /// Milliseconds since the device booted.
    public var monotonicMilliseconds: UInt64
    public var place: Place?
    public var readings: [Item]
    /// The encoded map of key 9, passed through as it is.
    public var metadata: [UInt8]?
    /// What key 10 says; nil if it is absent.
    public var hash: [UInt8]?
    /// What key 11 says; nil if it is absent.
    public var signature: [UInt8]?

    public init(
        deviceID: String, transport: UInt64, messageID: [UInt8], milliseconds: Int64, seq: UInt32,
        monotonicMilliseconds: UInt64, place: Place? = nil, readings: [Item], metadata: [UInt8]? = nil
    ) {
        self.deviceID = deviceID
        self.transport = transport
        self.messageID = messageID
        self.milliseconds = milliseconds
        self.seq = seq
        self.monotonicMilliseconds = monotonicMilliseconds
        self.place = place
        self.readings = readings
        self.metadata = metadata
    }
}
