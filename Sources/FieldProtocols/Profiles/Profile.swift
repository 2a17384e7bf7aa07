public import GatewayModel

/// What a device is, in data: how its bytes become readings. Read from `drivers/<vendor-model>/profile.yaml`.
public struct Profile: Sendable {
    /// How its bytes come, and what they mean.
    public enum Kind: Sendable {
        /// Lines of text on a serial port.
        case lines(LineCodec)
        /// Frames of bytes on a serial port.
        case binary(FrameCodec, PayloadCodec)
        case modbus(ModbusMap)
        case mqtt([TopicRule])
        case lorawan(PortCodecs)

        /// The name in a profile.
        public var name: String {
            switch self {
            case .lines: "lines"
            case .binary: "binary"
            case .modbus: "modbus"
            case .mqtt: "mqtt"
            case .lorawan: "lorawan"
            }
        }
    }

    /// What comes on some topics. An object, since it is looked at for every message.
    public final class TopicRule: Sendable {
        public let pattern: TopicPattern
        public let codec: PayloadCodec
        /// The device's id, parted where the topic's part stands.
        let device: [[UInt8]]

        /// `device` is the id where the topic does not name it; `{device}` in it stands for the topic's part.
        public init(pattern: TopicPattern, device: String = "{device}", codec: PayloadCodec) {
            self.pattern = pattern
            self.codec = codec
            self.device = Self.parts(of: device)
        }

        private static func parts(of device: String) -> [[UInt8]] {
            var parts: [[UInt8]] = [[]]
            var rest = device[...]
            while let next = rest.first {
                if rest.hasPrefix("{device}") {
                    parts.append([])
                    rest = rest.dropFirst(8)
                } else {
                    parts[parts.count - 1] += Array(next.utf8)
                    rest = rest.dropFirst()
                }
            }
            return parts
        }
    }

    /// What is sent to a device that speaks when asked.
    public struct Poll: Sendable, Equatable {
        public var bytes: [UInt8]
        public var interval: Duration

        public init(bytes: [UInt8], interval: Duration) {
            self.bytes = bytes
            self.interval = interval
        }
    }

    /// The usual line of a serial port.
    public struct SerialLine: Sendable, Equatable {
        /// The bit that some lines add to each character.
        public enum Parity: String, Sendable, CaseIterable { case none, even, odd }

        /// Speed in bits a second, parity, and stop bits (1 or 2).
        public var baud: Int
        public var parity: Parity
        public var stopBits: Int

        public init(baud: Int = 9_600, parity: Parity = .none, stopBits: Int = 1) {
            self.baud = baud
            self.parity = parity
            self.stopBits = stopBits
        }
    }

    /// Its folder's name, by which configurations mean it.
    public var name: String
    public var vendor: String
    public var model: String
    public var kind: Kind
    public var line: SerialLine
    public var poll: Poll?
    /// Modbus: the slave's address as it is delivered.
    public var unit: UInt8
    public var conditions: [MetricCondition]
    /// A device that says nothing for this long has stale values; nil: nobody knows.
    public var expectedEvery: Duration?

    public init(
        name: String, vendor: String, model: String, kind: Kind, line: SerialLine = SerialLine(), poll: Poll? = nil,
        unit: UInt8 = 1, conditions: [MetricCondition] = [], expectedEvery: Duration? = nil
    ) {
        self.name = name
        self.vendor = vendor
        self.model = model
        self.kind = kind
        self.line = line
        self.poll = poll
        self.unit = unit
        self.conditions = conditions
        self.expectedEvery = expectedEvery
    }
}

/// What is done with the readings of a metric on their way to the journal.
public struct MetricCondition: Sendable, Equatable {
    public var metric: MetricName
    /// Outside is bad.
    public var bounds: ClosedRange<Double>?
    /// A value is stored only if it differs by more than this from the last stored one …
    public var deadband: Double?
    /// … or this long after it.
    public var silenceMax: Duration

    public init(
        metric: MetricName, bounds: ClosedRange<Double>? = nil, deadband: Double? = nil,
        silenceMax: Duration = .seconds(900)
    ) {
        self.metric = metric
        self.bounds = bounds
        self.deadband = deadband
        self.silenceMax = silenceMax
    }
}
