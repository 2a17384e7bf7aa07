/// The way a message came in; the `source` of a record.
public enum SourceKind: UInt8, Sendable, CaseIterable {
    case mqtt = 1
    case serial = 2
    case http = 3
    case lora = 4
    case udp = 5
    case modbus = 6
    case gateway = 7

    /// The public name, as records carry it.
    public var name: String {
        switch self {
        case .mqtt: "mqtt"
        case .serial: "serial"
        case .http: "http"
        case .lora: "lora"
        case .udp: "udp"
        case .modbus: "modbus"
        case .gateway: "gateway"
        }
    }
}

/// What a message tells about the boot of its device: a sequence that falls back means a new boot only with evidence.
public enum BootEvidence: Sendable, Equatable {
    case none
    /// A boot banner, ROM text or HELLO was seen since the last message: this message belongs to a new boot.
    case announced
    /// The device's own uptime in milliseconds: falling back is evidence.
    case uptime(milliseconds: Int64)
}

/// One message of one device at one instant, decoded. Its readings stand in the batch that holds it.
///
/// Plain data: no reference is held, so that a batch of thousands costs no allocation.
public struct Observation: Sendable, Equatable {
    public var device: DeviceName
    /// The device's own sequence number; nil if it sent none.
    public var deviceSeq: UInt32?
    public var bootEvidence: BootEvidence = .none
    /// The device's own time in Unix milliseconds, if it sent one that can be one; nil otherwise.
    public var deviceTime: Timestamp?
    public var received: ReceiveTime
    public var source: SourceKind
    public var flags: RecordFlags = []
    /// Whether its transport says that it was sent before: only then may it be known already though nothing names it.
    public var isRedelivered = false
    /// 64-bit hash of the payload as received (`PayloadHash`), for telling duplicates.
    public var payloadHash: UInt64 = 0
    /// The device's own message id, verbatim: a range of the batch's bytes; empty if it sent none.
    public var messageID: Range<Int> = 0..<0
    /// The readings of this observation: a range of the batch's readings.
    public var readings: Range<Int> = 0..<0
    /// Numbers of the device's count before `deviceSeq` that came with messages which make no record, such as answers to
    /// commands: a range of the batch's `heardSequences`. They are not missing.
    public var heard: Range<Int> = 0..<0

    /// Whether nothing but its readings would be missed: it bears no number or id of the device's own.
    var isReadingsOnly: Bool { deviceSeq == nil && messageID.isEmpty && heard.isEmpty && bootEvidence == .none }

    public init(device: DeviceName, received: ReceiveTime, source: SourceKind) {
        self.device = device
        self.received = received
        self.source = source
    }
}

/// A `DeviceID` carried as a number on the data path.
public struct DeviceName: Hashable, Sendable, CustomStringConvertible {
    /// Dense and process-local: usable as an array index, never stored.
    public let index: UInt32

    /// Devices a gateway can know at once.
    public static let countMax = 50_000
    private static let table = NameTable(countMax: countMax)

    /// Nil if fifty thousand other devices are known.
    public init?(_ id: DeviceID) {
        guard let index = Self.table.index(of: id.text) else { return nil }
        self.index = index
    }

    /// From bytes known to be UTF-8; nil if they cannot name a device. Allocates nothing for a device seen before.
    public init?(utf8 name: UnsafeBufferPointer<UInt8>) {
        guard DeviceID.isValid(name), let index = Self.table.index(of: name) else { return nil }
        self.index = index
    }

    /// The device of an index that was given out before; nil for any other.
    public init?(known index: Int) {
        guard index >= 0, index < Self.table.count else { return nil }
        self.index = UInt32(index)
    }

    /// The id as written.
    public var text: String { Self.table.text(at: index) }
    public var description: String { text }

    public var id: DeviceID {
        guard let id = DeviceID(text) else { preconditionFailure("only valid ids enter the table") }
        return id
    }
}
