/// Reads deterministic CBOR (RFC 8949 section 4.2) front to back: definite lengths, shortest integers, no floats, no tags.
struct CBORReader {
    enum Major: UInt8 { case unsigned, negative, bytes, text, array, map, tag, simple }

    static let depthMax = 8

    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    /// The kind of the next item.
    func peek() throws(CBORError) -> Major {
        guard offset < bytes.count, let major = Major(rawValue: bytes[offset] >> 5) else {
            throw CBORError(reason: .truncated, offset: offset)
        }
        return major
    }

    mutating func unsigned() throws(CBORError) -> UInt64 { try argument(of: .unsigned) }

    mutating func unsigned(max: UInt64) throws(CBORError) -> UInt64 {
        let start = offset
        let value = try unsigned()
        guard value <= max else { throw CBORError(reason: .outOfRange, offset: start) }
        return value
    }

    mutating func integer() throws(CBORError) -> Int64 {
        let start = offset
        let isNegative = try peek() == .negative
        let magnitude = try argument(of: isNegative ? .negative : .unsigned)
        guard let value = Int64(exactly: magnitude) else { throw CBORError(reason: .outOfRange, offset: start) }
        // CBOR stores -1 - n, which is the complement of n.
        return isNegative ? ~value : value
    }

    mutating func byteString() throws(CBORError) -> UnsafeRawBufferPointer { try content(of: .bytes) }

    mutating func text() throws(CBORError) -> String {
        let start = offset
        let content = try content(of: .text)
        guard let text = String(validating: content, as: UTF8.self) else {
            throw CBORError(reason: .notUTF8, offset: start)
        }
        return text
    }

    /// The number of elements that follow.
    mutating func arrayHeader() throws(CBORError) -> Int { try count(of: .array, itemsEach: 1) }

    /// The number of pairs that follow.
    mutating func mapHeader() throws(CBORError) -> Int { try count(of: .map, itemsEach: 2) }

    /// Passes over one item of any kind, checking its form.
    mutating func skip(depth: Int = 0) throws(CBORError) {
        guard depth < Self.depthMax else { throw CBORError(reason: .tooDeep, offset: offset) }
        switch try peek() {
        case .unsigned, .negative: _ = try integerOfAnySize()
        case .bytes: _ = try byteString()
        case .text: _ = try text()
        case .array:
            for _ in 0..<(try arrayHeader()) { try skip(depth: depth + 1) }
        case .map:
            for _ in 0..<(try mapHeader()) {
                try skip(depth: depth + 1)
                try skip(depth: depth + 1)
            }
        case .tag: throw CBORError(reason: .notDeterministic, offset: offset)
        case .simple: try skipSimple()
        }
    }

    private mutating func integerOfAnySize() throws(CBORError) -> UInt64 { try argument(of: try peek()) }

    private mutating func skipSimple() throws(CBORError) {
        // false, true, null; 25 to 27 are floats.
        switch bytes[offset] & 0x1F {
        case 20, 21, 22: offset += 1
        case 25, 26, 27: throw CBORError(reason: .float, offset: offset)
        default: throw CBORError(reason: .notDeterministic, offset: offset)
        }
    }

    private mutating func argument(of wanted: Major) throws(CBORError) -> UInt64 {
        let start = offset
        let major = try peek()
        guard major == wanted else {
            let isFloat = major == .simple && (25...27).contains(bytes[offset] & 0x1F)
            throw CBORError(reason: isFloat ? .float : .unexpectedType, offset: start)
        }
        let short = bytes[offset] & 0x1F
        offset += 1
        if short < 24 { return UInt64(short) }
        guard short < 28 else { throw CBORError(reason: .notDeterministic, offset: start) }
        let width = 1 << Int(short - 24)
        guard offset + width <= bytes.count else { throw CBORError(reason: .truncated, offset: start) }
        let value = bytes[offset..<offset + width].reduce(0) { $0 << 8 | UInt64($1) }
        offset += width
        let isShortest = width == 1 ? value >= 24 : value >> UInt64(width * 4) != 0
        guard isShortest else { throw CBORError(reason: .notDeterministic, offset: start) }
        return value
    }

    private mutating func content(of major: Major) throws(CBORError) -> UnsafeRawBufferPointer {
        let start = offset
        let length = try argument(of: major)
        guard length <= UInt64(bytes.count - offset) else { throw CBORError(reason: .truncated, offset: start) }
        let content = UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + Int(length)])
        offset += content.count
        return content
    }

    /// Bounds the count by the bytes that are left, so that a lying header costs nothing.
    private mutating func count(of major: Major, itemsEach: UInt64) throws(CBORError) -> Int {
        let start = offset
        let count = try argument(of: major)
        guard count <= UInt64(bytes.count - offset) / itemsEach else {
            throw CBORError(reason: .truncated, offset: start)
        }
        return Int(count)
    }
}
