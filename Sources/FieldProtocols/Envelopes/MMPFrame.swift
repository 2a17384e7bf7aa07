internal import Crypto

/// A binary frame of MMP version 1, told from MDP by its magic (field reference, section 4.5). No firmware sends it yet.
public struct MMPFrame: Sendable, Equatable {
    /// Why bytes are no frame; the names stand in the output of `decode`.
    public enum Failure: String, Error, Sendable {
        case tooShort = "too_short"
        case badMagic = "bad_magic"
        case unsupportedVersion = "unsupported_version"
        case lengthMismatch = "length_mismatch"
        case integrityFailed = "integrity_failed"
    }

    /// The first two bytes, read as little-endian.
    public static let magic: UInt16 = 0x4D4D
    /// The version byte says 2 although the specification is called v1.
    public static let version: UInt8 = 2
    public static let headerByteCount = 32
    /// Eight bytes of SHA-256 and one of CRC-8.
    public static let trailerByteCount = 9

    /// 1 MycoBrain, 2 SporeBase, 3 FCI, 4 gateway, 255 unknown.
    public var deviceType: UInt8
    public var deviceID: UInt32
    public var milliseconds: UInt64
    public var seq: UInt32
    /// As the message types of MDP.
    public var payloadType: UInt8
    public var flags: UInt8
    /// JSON, as it came.
    public var payload: [UInt8]

    public init(
        deviceType: UInt8, deviceID: UInt32, milliseconds: UInt64, seq: UInt32, payloadType: UInt8, flags: UInt8,
        payload: [UInt8]
    ) {
        self.deviceType = deviceType
        self.deviceID = deviceID
        self.milliseconds = milliseconds
        self.seq = seq
        self.payloadType = payloadType
        self.flags = flags
        self.payload = payload
    }

    /// Decodes the bytes that COBS gave back: header, payload, trailer.
    public init(raw: UnsafeRawBufferPointer) throws(Failure) {
        guard raw.count >= 3 else { throw .tooShort }
        guard raw.integer(at: 0, as: UInt16.self) == Self.magic else { throw .badMagic }
        guard raw[2] == Self.version else { throw .unsupportedVersion }
        guard raw.count >= Self.headerByteCount + Self.trailerByteCount else { throw .tooShort }
        let length = Int(raw.integer(at: 22, as: UInt16.self))
        guard raw.count == Self.headerByteCount + length + Self.trailerByteCount else { throw .lengthMismatch }
        let content = UnsafeRawBufferPointer(rebasing: raw[..<(Self.headerByteCount + length)])
        guard Self.trailer(of: Array(content)).elementsEqual(raw[content.count...]) else { throw .integrityFailed }
        self.init(
            deviceType: raw[3], deviceID: raw.integer(at: 4, as: UInt32.self),
            milliseconds: raw.integer(at: 8, as: UInt64.self), seq: raw.integer(at: 16, as: UInt32.self),
            payloadType: raw[20], flags: raw[21], payload: Array(content[Self.headerByteCount...]))
    }

    /// Header, payload and trailer, to be put through COBS; nil if the payload is longer than 65,535 bytes.
    public var raw: [UInt8]? {
        guard let length = UInt16(exactly: payload.count) else { return nil }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: Self.magic)
        bytes.append(Self.version)
        bytes.append(deviceType)
        bytes.append(littleEndian: deviceID)
        bytes.append(littleEndian: milliseconds)
        bytes.append(littleEndian: seq)
        bytes.append(payloadType)
        bytes.append(flags)
        bytes.append(littleEndian: length)
        bytes.append(contentsOf: repeatElement(0, count: 8))
        bytes.append(contentsOf: payload)
        return bytes + Self.trailer(of: bytes)
    }

    private static func trailer(of content: [UInt8]) -> [UInt8] {
        let digest = SHA256.hash(content).prefix(8)
        return digest + [crc8(content + digest)]
    }

    /// Polynomial 0x07, start value 0, nothing reflected.
    private static func crc8(_ bytes: [UInt8]) -> UInt8 {
        bytes.reduce(0) { crc, byte in
            (0..<8).reduce(crc ^ byte) { crc, _ in crc & 0x80 == 0 ? crc << 1 : crc << 1 ^ 0x07 }
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func integer<Integer: FixedWidthInteger>(at offset: Int, as type: Integer.Type) -> Integer {
        Integer(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
        for position in 0..<(value.bitWidth / 8) {
            append(UInt8(truncatingIfNeeded: value >> (position * 8)))
        }
    }
}
