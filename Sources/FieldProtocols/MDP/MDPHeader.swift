/// The 16-byte header of an MDP v1 frame as firmware sends it (reference, section 1.3).
public struct MDPHeader: Sendable, Equatable {
    /// Bytes `5A A1` on the wire.
    public static let magic: UInt16 = 0xA15A
    public static let version: UInt8 = 1

    /// What the payload is.
    public var type: MDPMessageType
    /// The sender's own counter, 1 after boot.
    public var seq: UInt32
    /// JSON generation: the seq that is answered, 0 if none. Binary generation: everything up to here has arrived.
    public var ack: UInt32
    public var flags: MDPFlags
    public var source: MDPEndpoint
    public var destination: MDPEndpoint
    /// Sent as 0, ignored on receipt.
    public var reserved: UInt8

    public init(
        type: MDPMessageType, seq: UInt32, ack: UInt32 = 0, flags: MDPFlags = [], source: MDPEndpoint,
        destination: MDPEndpoint, reserved: UInt8 = 0
    ) {
        self.type = type
        self.seq = seq
        self.ack = ack
        self.flags = flags
        self.source = source
        self.destination = destination
        self.reserved = reserved
    }

    /// Reads the first 16 bytes of a body.
    init(_ body: UnsafeRawBufferPointer) throws(MDPError) {
        guard body.count >= MDPLimits.headerCount else { throw .tooShort }
        guard body.u16(at: 0) == Self.magic else { throw .badMagic }
        guard body[2] == Self.version else { throw .unsupportedVersion }
        self.init(
            type: MDPMessageType(rawValue: body[3]), seq: body.u32(at: 4), ack: body.u32(at: 8),
            flags: MDPFlags(rawValue: body[12]), source: MDPEndpoint(rawValue: body[13]),
            destination: MDPEndpoint(rawValue: body[14]), reserved: body[15])
    }

    func append(to body: inout [UInt8]) {
        body.append(littleEndian: Self.magic)
        body.append(Self.version)
        body.append(type.rawValue)
        body.append(littleEndian: seq)
        body.append(littleEndian: ack)
        body.append(contentsOf: [flags.rawValue, source.rawValue, destination.rawValue, reserved])
    }
}

/// What a frame carries (reference, section 1.4). Unknown types pass through.
public struct MDPMessageType: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Readings, and commands to boards.
    public static let telemetry = MDPMessageType(rawValue: 0x01)
    public static let command = MDPMessageType(rawValue: 0x02)
    /// Also carries negative answers.
    public static let ack = MDPMessageType(rawValue: 0x03)
    public static let event = MDPMessageType(rawValue: 0x05)
    public static let hello = MDPMessageType(rawValue: 0x06)
    public static let wifiSense = MDPMessageType(rawValue: 0x07)
    public static let droneTelemetry = MDPMessageType(rawValue: 0x08)
    public static let droneMissionStatus = MDPMessageType(rawValue: 0x09)

    /// The firmware's name, `UNKNOWN` for types it does not define.
    public var name: String {
        switch self {
        case .telemetry: "TELEMETRY"
        case .command: "COMMAND"
        case .ack: "ACK"
        case .event: "EVENT"
        case .hello: "HELLO"
        case .wifiSense: "WIFISENSE"
        case .droneTelemetry: "DRONE_TELEMETRY"
        case .droneMissionStatus: "DRONE_MISSION_STATUS"
        default: "UNKNOWN"
        }
    }
}

/// An end of an MDP link (reference, section 1.5).
public struct MDPEndpoint: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The two processors of a board.
    public static let sideA = MDPEndpoint(rawValue: 0xA1)
    public static let sideB = MDPEndpoint(rawValue: 0xB1)
    /// This gateway.
    public static let gateway = MDPEndpoint(rawValue: 0xC0)
    public static let broadcast = MDPEndpoint(rawValue: 0xFF)
}

/// Header flags in use.
public struct MDPFlags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The sender wants an ACK; this is one.
    public static let ackRequested = MDPFlags(rawValue: 0x01)
    public static let isAck = MDPFlags(rawValue: 0x02)
    /// Alone on a negative answer: `isAck` is not set there.
    public static let isNack = MDPFlags(rawValue: 0x04)
}
