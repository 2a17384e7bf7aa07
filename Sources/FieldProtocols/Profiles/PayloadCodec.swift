/// How one payload, of whatever transport, becomes readings. A `PayloadReader` does it.
public enum PayloadCodec: Sendable {
    case fields(BinaryCodec)
    case records(RecordCodec)
    /// One JSON text, in however many lines; the fields' sources are paths.
    case json([LineCodec.Field])
    case lines(LineCodec)
    /// Cayenne LPP; the fields rename what it calls by their sources, such as `temperature.1`.
    case cayenne([LineCodec.Field])
    /// The whole payload is one value.
    case value(FieldRule)

    /// What its fields become. Cayenne payloads can have others besides.
    public var rules: [FieldRule] {
        switch self {
        case .fields(let codec): codec.fields.map(\.rule)
        case .records(let codec): codec.kinds.flatMap { $0.fields.fields.map(\.rule) }
        case .json(let fields), .cayenne(let fields): fields.map(\.rule)
        case .lines(let codec): codec.rules.flatMap { $0.fields.map(\.rule) }
        case .value(let rule): [rule]
        }
    }
}

/// The payload codecs of a LoRaWAN device by port.
public struct PortCodecs: Sendable {
    /// What comes on some ports.
    public struct Entry: Sendable {
        /// Empty: any port.
        public var ports: [UInt8]
        public var codec: PayloadCodec

        public init(ports: [UInt8], codec: PayloadCodec) {
            self.ports = ports
            self.codec = codec
        }
    }

    /// Tried in this order.
    public var entries: [Entry]

    public init(entries: [Entry]) { self.entries = entries }
}

/// Why a payload gives no readings. The raw values are the stable codes.
public enum ProfileError: String, Error, Sendable, CaseIterable {
    /// The profile has nothing for this port or topic.
    case noCodec = "no_codec"
    /// Not as long as the profile says.
    case wrongLength = "wrong_length"
    /// Nothing in it is a field of the profile.
    case noReadings = "no_readings"

    /// Stable snake_case name.
    public var code: String { rawValue }
}
