/// Reads CBOR as others write it (RFC 8949): floats, tags and indefinite lengths too, which `CBORReader` refuses because
/// envelopes never hold them.
struct CBORScanner {
    enum Container: UInt8 { case array = 4, map = 5 }

    /// A value without structure; containers are passed over as `other`.
    enum Item {
        case number(Double)
        case text(UnsafeBufferPointer<UInt8>)
        case bytes(UnsafeBufferPointer<UInt8>)
        case flag(Bool)
        case null
        case other

        var number: Double? { if case .number(let value) = self { value } else { nil } }
        var text: UnsafeBufferPointer<UInt8>? { if case .text(let value) = self { value } else { nil } }
        var bytes: UnsafeBufferPointer<UInt8>? { if case .bytes(let value) = self { value } else { nil } }
        var flag: Bool? { if case .flag(let value) = self { value } else { nil } }
    }

    static let depthMax = 8

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    /// Enters an array or a map; nil: its length is not told, a break ends it.
    mutating func container(_ kind: Container, _ record: Int) throws(SenMLError) -> Int? {
        try skipTags(record)
        guard offset < bytes.count else { throw Self.broken(record) }
        guard bytes[offset] >> 5 == kind.rawValue else { throw SenMLError(reason: .notAPack, record: record) }
        if bytes[offset] & 31 == 31 {
            offset += 1
            return nil
        }
        let count = try argument(record)
        guard count <= UInt64(bytes.count - offset) else { throw Self.broken(record) }
        return Int(count)
    }

    /// Whether a container of this length goes on.
    mutating func hasMore(_ count: inout Int?, _ record: Int) throws(SenMLError) -> Bool {
        if let left = count {
            guard left > 0 else { return false }
            count = left - 1
            return true
        }
        guard offset < bytes.count else { throw Self.broken(record) }
        guard bytes[offset] == 0xFF else { return true }
        offset += 1
        return false
    }

    mutating func next(_ record: Int, depth: Int = 0) throws(SenMLError) -> Item {
        guard depth < Self.depthMax, offset < bytes.count else { throw Self.broken(record) }
        let major = bytes[offset] >> 5
        switch major {
        case 0: return .number(Double(try argument(record)))
        case 1: return .number(-1 - Double(try argument(record)))
        case 2, 3: return try string(major, record)
        case 4, 5: return try skipContainer(major, record, depth)
        case 6:
            let tag = try argument(record)
            if tag == 4 { return try decimal(record, depth) }
            return try next(record, depth: depth + 1)
        default: return try simple(record)
        }
    }

    /// A decimal fraction: an array of exponent and mantissa (RFC 8949, section 3.4.4).
    private mutating func decimal(_ record: Int, _ depth: Int) throws(SenMLError) -> Item {
        var count = try container(.array, record)
        var parts: [Double] = []
        while try hasMore(&count, record) {
            guard parts.count < 2, let part = try next(record, depth: depth + 1).number else {
                throw Self.broken(record)
            }
            parts.append(part)
        }
        guard parts.count == 2, parts[0].magnitude <= 308 else { throw Self.broken(record) }
        var scale = 1.0
        for _ in 0..<Int(parts[0].magnitude) { scale *= 10 }
        return .number(parts[0] < 0 ? parts[1] / scale : parts[1] * scale)
    }

    private mutating func string(_ major: UInt8, _ record: Int) throws(SenMLError) -> Item {
        // Strings in pieces are allowed, and sent by nobody.
        guard bytes[offset] & 31 != 31 else { throw Self.broken(record) }
        let count = try argument(record)
        guard count <= UInt64(bytes.count - offset) else { throw Self.broken(record) }
        let content = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(count)]).bindMemory(to: UInt8.self)
        offset += Int(count)
        if major == 2 { return .bytes(content) }
        guard ForeignName.isUTF8(content) else { throw Self.broken(record) }
        return .text(content)
    }

    private mutating func skipContainer(_ major: UInt8, _ record: Int, _ depth: Int) throws(SenMLError) -> Item {
        var count = try container(major == 4 ? .array : .map, record)
        while try hasMore(&count, record) {
            _ = try next(record, depth: depth + 1)
            if major == 5 { _ = try next(record, depth: depth + 1) }
        }
        return .other
    }

    private mutating func simple(_ record: Int) throws(SenMLError) -> Item {
        let short = bytes[offset] & 31
        switch short {
        case 20, 21:
            offset += 1
            return .flag(short == 21)
        case 22, 23:
            offset += 1
            return .null
        case 25: return .number(Self.half(UInt16(truncatingIfNeeded: try argument(record))))
        case 26:
            let single = Float(bitPattern: UInt32(truncatingIfNeeded: try argument(record)))
            return .number(FloatText.shortest(single))
        case 27: return .number(Double(bitPattern: try argument(record)))
        case 0..<20, 24:
            _ = try argument(record)
            return .other
        default: throw Self.broken(record)
        }
    }

    private mutating func skipTags(_ record: Int) throws(SenMLError) {
        while offset < bytes.count, bytes[offset] >> 5 == 6 { _ = try argument(record) }
    }

    private mutating func argument(_ record: Int) throws(SenMLError) -> UInt64 {
        guard offset < bytes.count else { throw Self.broken(record) }
        let short = bytes[offset] & 31
        offset += 1
        if short < 24 { return UInt64(short) }
        guard short < 28 else { throw Self.broken(record) }
        let width = 1 << Int(short - 24)
        guard bytes.count - offset >= width else { throw Self.broken(record) }
        var value: UInt64 = 0
        for index in offset..<offset + width { value = value << 8 | UInt64(bytes[index]) }
        offset += width
        return value
    }

    private static func half(_ bits: UInt16) -> Double {
        let exponent = Int(bits >> 10 & 31)
        let fraction = Double(bits & 1_023)
        let magnitude: Double =
            switch exponent {
            case 0: fraction / 16_777_216
            case 31: fraction == 0 ? .infinity : .nan
            default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + fraction / 1_024)
            }
        return bits >> 15 == 1 ? -magnitude : magnitude
    }

    private static func broken(_ record: Int) -> SenMLError { SenMLError(reason: .malformedCBOR, record: record) }
}
