public import GatewayModel

/// The fields of a payload of fixed layout.
public struct BinaryCodec: Sendable {
    /// What stands at an offset. An object, since it is looked at for every value.
    public final class Field: Sendable {
        /// Bytes from the front; negative: from the end.
        public let offset: Int
        public let type: BinaryType
        public let endian: Endian
        /// Bits of the number that count; nil: all. Signed types take their sign from its highest bit.
        public let mask: UInt64?
        /// Places the number is moved down after the mask.
        public let shift: Int
        /// The field is only there if this holds.
        public let condition: Condition?
        public let rule: FieldRule

        public init(
            offset: Int, type: BinaryType, endian: Endian = .big, mask: UInt64? = nil, shift: Int = 0,
            condition: Condition? = nil, rule: FieldRule
        ) {
            self.offset = offset
            self.type = type
            self.endian = endian
            self.mask = mask
            self.shift = shift
            self.condition = condition
            self.rule = rule
        }
    }

    /// Another byte of the payload that says whether a field is there.
    public struct Condition: Sendable, Equatable {
        public var offset: Int
        public var mask: UInt8
        public var equals: [UInt8]

        public init(offset: Int, mask: UInt8 = 0xFF, equals: [UInt8]) {
            self.offset = offset
            self.mask = mask
            self.equals = equals
        }
    }

    /// In the order in which readings come.
    public var fields: [Field]
    /// Lengths that a payload can have; nil: any.
    public var byteCount: ClosedRange<Int>?

    public init(fields: [Field], byteCount: ClosedRange<Int>? = nil) {
        self.fields = fields
        self.byteCount = byteCount
    }

    /// Adds the readings of `payload` to the open observation; fields that lie beyond its end are not there.
    public func append(_ payload: UnsafeRawBufferPointer, to batch: inout ObservationBatch) {
        for field in fields {
            if let condition = field.condition {
                guard let at = Self.place(condition.offset, 1, in: payload),
                    condition.equals.contains(payload[at] & condition.mask)
                else { continue }
            }
            guard let at = Self.place(field.offset, field.type.byteCount, in: payload) else { continue }
            let bytes = UnsafeRawBufferPointer(rebasing: payload[at..<(at + field.type.byteCount)])
            guard let value = field.type.value(bytes, field.endian, mask: field.mask, shift: field.shift) else {
                continue
            }
            field.rule.append(value, to: &batch)
        }
    }

    private static func place(_ offset: Int, _ count: Int, in payload: UnsafeRawBufferPointer) -> Int? {
        let at = offset < 0 ? payload.count + offset : offset
        return at >= 0 && count <= payload.count - at ? at : nil
    }
}

/// Which byte of a number comes first.
public enum Endian: String, Sendable, CaseIterable {
    case big, little
}

/// How a number lies in bytes.
public enum BinaryType: Sendable, Equatable {
    case unsigned(Int)
    case signed(Int)
    case float
    case double
    case text(Int)

    /// Bytes it takes.
    public var byteCount: Int {
        switch self {
        case .unsigned(let count), .signed(let count), .text(let count): count
        case .float: 4
        case .double: 8
        }
    }

    /// By the name of a profile: `u8` to `u64`, `i8` to `i64` in steps of a byte, `f32`, `f64`, `text:N`.
    public init?(name: String) {
        if name.hasPrefix("text:"), let count = Int(name.dropFirst(5)), (1...64).contains(count) {
            self = .text(count)
            return
        }
        switch name {
        case "f32": self = .float
        case "f64": self = .double
        default:
            guard let kind = name.first, let bits = Int(name.dropFirst()), bits % 8 == 0, (8...64).contains(bits)
            else { return nil }
            switch kind {
            case "u": self = .unsigned(bits / 8)
            case "i": self = .signed(bits / 8)
            default: return nil
            }
        }
    }

    func value(_ bytes: UnsafeRawBufferPointer, _ endian: Endian, mask: UInt64?, shift: Int) -> FieldValue? {
        if case .text = self {
            let kept = bytes.prefix { $0 != 0 }
            return .text(ByteText(UnsafeRawBufferPointer(rebasing: kept)).trimmed.string)
        }
        var bits: UInt64 = 0
        if endian == .big {
            for byte in bytes { bits = bits << 8 | UInt64(byte) }
        } else {
            for byte in bytes.reversed() { bits = bits << 8 | UInt64(byte) }
        }
        var width = bytes.count * 8
        if let mask {
            bits &= mask
            width = 64 - mask.leadingZeroBitCount
        }
        let places = min(max(shift, 0), 63)
        bits >>= UInt64(places)
        width -= places
        switch self {
        case .float: return FieldValue.finite(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .double: return FieldValue.finite(Double(bitPattern: bits))
        case .signed where width < 64 && width > 0 && bits >> UInt64(width - 1) & 1 != 0:
            return .integer(Int64(bitPattern: bits | ~0 << UInt64(width)))
        case .signed: return .integer(Int64(bitPattern: bits))
        case .unsigned, .text: return Int64(exactly: bits).map { .integer($0) } ?? .number(Double(bits))
        }
    }
}
