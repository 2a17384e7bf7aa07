internal import Crypto

/// A message of the Ocean binary protocol, version 0x1100: 44 bytes of header, payload, checksum, footer, all little-endian
/// (instrument reference, section 8.4).
public struct OBPFrame: Sendable, Equatable {
    /// What a message is, bit by bit.
    public struct Flags: OptionSet, Sendable, Hashable {
        public let rawValue: UInt16
        public init(rawValue: UInt16) { self.rawValue = rawValue }

        /// The answer to a question.
        public static let response = Flags(rawValue: 1)
        /// The device did as it was told.
        public static let acknowledged = Flags(rawValue: 2)
        /// The host wants to know whether it did.
        public static let acknowledgementWanted = Flags(rawValue: 4)
        /// The device did not, see `error`.
        public static let refused = Flags(rawValue: 8)
        /// The hardware failed.
        public static let exception = Flags(rawValue: 16)
        /// The message will go away in later firmware.
        public static let deprecated = Flags(rawValue: 32)
    }

    /// How a message is secured.
    public enum Checksum: UInt8, Sendable {
        case none = 0
        case md5 = 1
    }

    /// Length of the header.
    public static let headerByteCount = 44
    /// Checksum and footer: what `bytes remaining` counts beside the payload.
    public static let trailerByteCount = 20
    public static let immediateByteCountMax = 16
    /// More than any device sends: 64 KiB.
    public static let remainingMax = 65_536
    static let start: [UInt8] = [0xC1, 0xC0]
    static let footer: [UInt8] = [0xC5, 0xC4, 0xC3, 0xC2]

    /// Of the protocol: 0x1100, 0x1000 or 0x2000.
    public var version: UInt16
    /// What sort of message it is.
    public var flags: Flags
    /// 0, or the number of an `OBPRefusal`.
    public var error: UInt16
    /// The number of an `OBPMessageType`.
    public var type: UInt32
    /// Given by us, echoed by the device: tells late answers from those waited for.
    public var regarding: UInt32
    public var checksum: Checksum
    /// Up to 16 bytes; a message carries these or a payload, never both.
    public var immediate: [UInt8]
    public var payload: [UInt8]

    public init(
        type: UInt32, flags: Flags = [], error: UInt16 = 0, regarding: UInt32 = 0, checksum: Checksum = .none,
        immediate: [UInt8] = [], payload: [UInt8] = [], version: UInt16 = 0x1100
    ) {
        self.version = version
        self.flags = flags
        self.error = error
        self.type = type
        self.regarding = regarding
        self.checksum = checksum
        self.immediate = immediate
        self.payload = payload
    }

    /// What the message carries, wherever it stands.
    public var content: [UInt8] { payload.isEmpty ? immediate : payload }

    /// Bytes of the message on the wire.
    public var byteCount: Int { Self.headerByteCount + payload.count + Self.trailerByteCount }

    /// As it goes on the wire. At most 16 bytes of `immediate` and 65,516 of `payload` are sent.
    public var wire: [UInt8] {
        let immediate = immediate.prefix(Self.immediateByteCountMax)
        let payload = payload.prefix(Self.remainingMax - Self.trailerByteCount)
        var bytes = Self.start
        bytes.reserveCapacity(byteCount)
        bytes.append(littleEndian: version)
        bytes.append(littleEndian: flags.rawValue)
        bytes.append(littleEndian: error)
        bytes.append(littleEndian: type)
        bytes.append(littleEndian: regarding)
        bytes.append(contentsOf: repeatElement(0, count: 6))
        bytes.append(checksum.rawValue)
        bytes.append(UInt8(truncatingIfNeeded: immediate.count))
        bytes.append(contentsOf: immediate)
        bytes.append(contentsOf: repeatElement(0, count: Self.immediateByteCountMax - immediate.count))
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: payload.count + Self.trailerByteCount))
        bytes.append(contentsOf: payload)
        bytes.append(contentsOf: checksum == .md5 ? MD5.hash(bytes) : Array(repeating: 0, count: MD5.byteCount))
        return bytes + Self.footer
    }
}
