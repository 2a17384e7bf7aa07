/// How a stream of bytes is cut into frames of one layout.
public struct FrameCodec: Sendable {
    /// How long a frame is, start and checksum included.
    public enum Length: Sendable, Equatable {
        case fixed(Int)
        /// A field that tells it; `added` is what it does not count.
        case field(offset: Int, type: BinaryType, endian: Endian, added: Int)
    }

    /// What tells a whole frame from noise.
    public enum Checksum: String, Sendable, CaseIterable {
        /// The sum of the bytes, modulo 256.
        case sum8
        /// That which makes the sum of the bytes and itself 0, modulo 256.
        case sum8Negated = "sum8_negated"
        /// The sum of the bytes, modulo 65536, high byte first.
        case sum16 = "sum16_big"
        case xor8
        /// As Modbus, low byte first.
        case crc16Modbus = "crc16_modbus"

        /// Bytes it takes.
        public var byteCount: Int { self == .sum16 || self == .crc16Modbus ? 2 : 1 }
    }

    /// The bytes that every frame begins and ends with, and how long it is.
    public var start: [UInt8]
    public var end: [UInt8]
    public var length: Length
    public var checksum: Checksum?
    /// The first byte that the checksum covers.
    public var checksumFrom: Int
    /// Where the checksum stands, counted from the end: 1 is the last byte.
    public var checksumAt: Int

    public init(
        start: [UInt8], end: [UInt8] = [], length: Length, checksum: Checksum? = nil, checksumFrom: Int = 0,
        checksumAt: Int = 1
    ) {
        self.start = start
        self.end = end
        self.length = length
        self.checksum = checksum
        self.checksumFrom = checksumFrom
        self.checksumAt = checksumAt
    }

    /// Bytes of a frame at most.
    public static let byteCountMax = 1_024

    /// What stands at the front of a stream.
    public enum Step: Sendable, Equatable {
        /// A whole frame of so many bytes.
        case frame(Int)
        /// So many bytes are none.
        case noise(Int)
        /// More must come.
        case more
    }

    /// Looks at the front of `bytes`.
    public func step(_ bytes: UnsafeRawBufferPointer) -> Step {
        guard !bytes.isEmpty else { return .more }
        let head = bytes.prefix(start.count)
        guard start.starts(with: head) else { return .noise(noise(in: bytes)) }
        guard head.count == start.count else { return .more }
        guard let count = byteCount(bytes) else { return .more }
        guard count >= start.count + end.count, count >= checksumAt, (1...Self.byteCountMax).contains(count) else {
            return .noise(noise(in: bytes))
        }
        guard bytes.count >= count else { return .more }
        let frame = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        guard frame.suffix(end.count).elementsEqual(end), holds(frame) else { return .noise(noise(in: bytes)) }
        return .frame(count)
    }

    /// Bytes up to where a frame may begin next.
    private func noise(in bytes: UnsafeRawBufferPointer) -> Int {
        guard let first = start.first else { return 1 }
        return bytes[1...].firstIndex(of: first) ?? bytes.count
    }

    private func byteCount(_ bytes: UnsafeRawBufferPointer) -> Int? {
        switch length {
        case .fixed(let count): return count
        case .field(let offset, let type, let endian, let added):
            guard bytes.count >= offset + type.byteCount else { return nil }
            let field = UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + type.byteCount)])
            guard case .integer(let value)? = type.value(field, endian, mask: nil, shift: 0), value >= 0,
                value <= Int64(Self.byteCountMax)
            else { return 0 }
            return Int(value) + added
        }
    }

    private func holds(_ frame: UnsafeRawBufferPointer) -> Bool {
        guard let checksum else { return true }
        let at = frame.count - checksumAt
        guard at >= checksumFrom, at + checksum.byteCount <= frame.count else { return false }
        let covered = UnsafeRawBufferPointer(rebasing: frame[checksumFrom..<at])
        switch checksum {
        case .sum8: return covered.reduce(0) { $0 &+ $1 } == frame[at]
        case .sum8Negated: return covered.reduce(0) { $0 &+ $1 } &+ frame[at] == 0
        case .sum16: return covered.reduce(UInt16(0)) { $0 &+ UInt16($1) } == frame.u16BE(at: at)
        case .xor8: return covered.reduce(0) { $0 ^ $1 } == frame[at]
        case .crc16Modbus: return ModbusCRC.of(covered) == frame.u16(at: at)
        }
    }
}
