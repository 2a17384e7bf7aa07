/// One datagram of the Semtech UDP packet forwarder, protocol versions 1 and 2 (Lora-net, PROTOCOL.TXT).
///
/// Its JSON is a view of the datagram and must not outlive it.
public struct SemtechPacket {
    /// The fourth byte.
    public enum Kind: UInt8, Sendable, CaseIterable {
        case pushData = 0
        case pushAck = 1
        case pullData = 2
        case pullResponse = 3
        case pullAck = 4
        case transmitAck = 5

        /// As the specification spells it.
        public var name: String {
            switch self {
            case .pushData: "PUSH_DATA"
            case .pushAck: "PUSH_ACK"
            case .pullData: "PULL_DATA"
            case .pullResponse: "PULL_RESP"
            case .pullAck: "PULL_ACK"
            case .transmitAck: "TX_ACK"
            }
        }

        /// Whether it comes from a gateway and names it.
        public var namesGateway: Bool { self == .pushData || self == .pullData || self == .transmitAck }
    }

    /// Datagrams that UDP carries are never longer.
    public static let byteCountMax = 65_507

    /// 1 or 2.
    public let version: UInt8
    /// What an acknowledgement gives back.
    public let token: UInt16
    /// What the datagram is for.
    public let kind: Kind
    /// The gateway that sent it; nil in what goes to one.
    public let gateway: LoRaEUI?
    /// What stands behind the header; empty if nothing does.
    public let json: UnsafeRawBufferPointer
    /// Where `json` begins.
    public let jsonOffset: Int

    /// Takes the header apart; the JSON is not looked at.
    public init(_ bytes: UnsafeRawBufferPointer) throws(LoRaError) {
        guard bytes.count >= 4 else { throw LoRaError(.tooShort, at: bytes.count) }
        guard bytes[0] == 1 || bytes[0] == 2 else { throw LoRaError(.unsupportedVersion) }
        guard let kind = Kind(rawValue: bytes[3]) else { throw LoRaError(.unknownPacketType, at: 3) }
        guard bytes.count <= Self.byteCountMax else { throw LoRaError(.tooLarge) }
        version = bytes[0]
        token = UInt16(bytes[1]) << 8 | UInt16(bytes[2])
        self.kind = kind
        var offset = 4
        if kind.namesGateway {
            guard bytes.count >= 12 else { throw LoRaError(.tooShort, at: bytes.count) }
            gateway = LoRaEUI(UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt64.self)))
            offset = 12
        } else {
            gateway = nil
        }
        // Some forwarders send the zero that ends their string.
        var end = bytes.count
        while end > offset, bytes[end - 1] == 0 || bytes[end - 1] == 0x0A { end -= 1 }
        json = UnsafeRawBufferPointer(rebasing: bytes[offset..<end])
        jsonOffset = offset
    }

    /// The four bytes that answer a PUSH_DATA or PULL_DATA; nil for other kinds.
    public var acknowledgement: [UInt8]? {
        switch kind {
        case .pushData: Self.header(version, token, .pushAck)
        case .pullData: Self.header(version, token, .pullAck)
        default: nil
        }
    }

    /// A PULL_RESP: a downlink for a gateway.
    public static func pullResponse(_ downlink: SemtechDownlink, token: UInt16, version: UInt8 = 2) -> [UInt8] {
        header(version, token, .pullResponse) + downlink.json
    }

    /// A datagram of a gateway; for simulators and tests.
    public static func fromGateway(
        _ kind: Kind, token: UInt16, gateway: LoRaEUI, json: [UInt8] = [], version: UInt8 = 2
    ) -> [UInt8] {
        let eui = (0..<8).map { UInt8(truncatingIfNeeded: gateway.value >> (56 - 8 * UInt64($0))) }
        return header(version, token, kind) + eui + json
    }

    private static func header(_ version: UInt8, _ token: UInt16, _ kind: Kind) -> [UInt8] {
        [version, UInt8(token >> 8), UInt8(truncatingIfNeeded: token), kind.rawValue]
    }
}
