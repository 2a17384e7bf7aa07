/// Reads a Protocol Buffers message front to back, field by field, without a schema (protobuf encoding guide).
///
/// Allocates nothing; nested messages are read with a reader of their own over the bytes of their field.
struct ProtobufReader {
    /// What stands behind a field's tag.
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case fixed32(UInt32)
        /// A string, bytes, a nested message or packed numbers.
        case bytes(UnsafeRawBufferPointer)
    }

    struct Field {
        /// 1…536,870,911.
        var number: UInt32
        var value: Value

        /// Nil unless this is a varint.
        var varint: UInt64? { if case .varint(let value) = value { value } else { nil } }
        /// Nil unless this is length-delimited.
        var bytes: UnsafeRawBufferPointer? { if case .bytes(let value) = value { value } else { nil } }
        /// Nil unless this is a 32-bit number; a `float` by its bits.
        var fixed32: UInt32? { if case .fixed32(let value) = value { value } else { nil } }
        /// Nil unless this is a 64-bit number; a `double` by its bits.
        var fixed64: UInt64? { if case .fixed64(let value) = value { value } else { nil } }
    }

    private let bytes: UnsafeRawBufferPointer
    /// Where the next field starts, for errors.
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    /// The next field; nil at the end.
    mutating func next() throws(ProtobufError) -> Field? {
        guard offset < bytes.count else { return nil }
        let start = offset
        let tag = try varint()
        guard let number = UInt32(exactly: tag >> 3), number > 0, number < 1 << 29 else {
            throw ProtobufError(reason: .badFieldNumber, offset: start)
        }
        switch tag & 7 {
        case 0: return Field(number: number, value: .varint(try varint()))
        case 1: return Field(number: number, value: .fixed64(try fixed(UInt64.self)))
        case 2: return Field(number: number, value: .bytes(try content()))
        case 5: return Field(number: number, value: .fixed32(try fixed(UInt32.self)))
        default: throw ProtobufError(reason: .badWireType, offset: start)
        }
    }

    /// A number of 7-bit groups, the low one first; at most ten bytes. Also reads packed numbers.
    mutating func varint() throws(ProtobufError) -> UInt64 {
        let start = offset
        guard offset < bytes.count else { throw ProtobufError(reason: .truncated, offset: start) }
        if bytes[offset] < 0x80 {
            defer { offset += 1 }
            return UInt64(bytes[offset])
        }
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            offset += 1
            // The tenth byte has one bit left to give.
            guard shift < 63 || byte <= 1 else { throw ProtobufError(reason: .badVarint, offset: start) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
            guard shift <= 63 else { throw ProtobufError(reason: .badVarint, offset: start) }
        }
        throw ProtobufError(reason: .truncated, offset: start)
    }

    var isAtEnd: Bool { offset >= bytes.count }

    private mutating func fixed<Number: FixedWidthInteger>(_: Number.Type) throws(ProtobufError) -> Number {
        let width = MemoryLayout<Number>.size
        guard bytes.count - offset >= width else { throw ProtobufError(reason: .truncated, offset: offset) }
        defer { offset += width }
        return Number(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    private mutating func content() throws(ProtobufError) -> UnsafeRawBufferPointer {
        let start = offset
        let count = try varint()
        guard count <= UInt64(bytes.count - offset) else { throw ProtobufError(reason: .truncated, offset: start) }
        defer { offset += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)])
    }
}
