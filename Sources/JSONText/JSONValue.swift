/// A value inside a parsed text: a borrowed view that must not outlive it (see `JSONParser.parse`).
///
/// Reading allocates nothing unless a `String` is asked for. It walks simdjson's tape directly.
public struct JSONValue {
    /// What a value is; integers are told apart by whether they fit `Int64`.
    public enum Kind: Sendable { case null, bool, integer, unsigned, number, string, array, object }

    @usableFromInline let tape: UnsafePointer<UInt64>
    @usableFromInline let strings: UnsafePointer<UInt8>
    @usableFromInline let index: Int

    @usableFromInline
    init(tape: UnsafePointer<UInt64>, strings: UnsafePointer<UInt8>, index: Int) {
        self.tape = tape
        self.strings = strings
        self.index = index
    }

    /// Where this stands in its text, to be found there again by `JSONValue(at:in:)`.
    @inlinable public var place: Int { index }

    /// The value that was found at `place` in the text that `other` is of.
    @inlinable
    public init(at place: Int, in other: JSONValue) {
        self.init(tape: other.tape, strings: other.strings, index: place)
    }

    @inlinable var tag: UInt8 { UInt8(truncatingIfNeeded: tape[index] >> 56) }
    @inlinable var payload: Int { Int(tape[index] & 0x00FF_FFFF_FFFF_FFFF) }

    @inlinable public var kind: Kind {
        switch tag {
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .bool
        case UInt8(ascii: "l"): .integer
        case UInt8(ascii: "u"): .unsigned
        case UInt8(ascii: "d"): .number
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "{"): .object
        default: .null
        }
    }

    @inlinable public var isNull: Bool { tag == UInt8(ascii: "n") }
    @inlinable public var isObject: Bool { tag == UInt8(ascii: "{") }
    @inlinable public var isArray: Bool { tag == UInt8(ascii: "[") }

    /// Nil unless this is `true` or `false`.
    @inlinable public var bool: Bool? {
        switch tag {
        case UInt8(ascii: "t"): true
        case UInt8(ascii: "f"): false
        default: nil
        }
    }

    /// Nil unless this was written as an integer and fits; `1.0` is not an integer.
    @inlinable public var int64: Int64? {
        tag == UInt8(ascii: "l") ? Int64(bitPattern: tape[index + 1]) : nil
    }

    /// Nil unless this was written as an integer that is not negative.
    @inlinable public var uint64: UInt64? {
        switch tag {
        case UInt8(ascii: "l"): UInt64(exactly: Int64(bitPattern: tape[index + 1]))
        case UInt8(ascii: "u"): tape[index + 1]
        default: nil
        }
    }

    /// Any number, always finite; integers beyond 2^53 lose digits.
    @inlinable public var double: Double? {
        switch tag {
        case UInt8(ascii: "d"): Double(bitPattern: tape[index + 1])
        case UInt8(ascii: "l"): Double(Int64(bitPattern: tape[index + 1]))
        case UInt8(ascii: "u"): Double(tape[index + 1])
        default: nil
        }
    }

    /// A copy of the text; nil unless this is a string.
    public var string: String? { withUTF8 { String(decoding: $0, as: UTF8.self) } }

    /// The unescaped bytes of a string, valid UTF-8; nil unless this is a string.
    @inlinable public var utf8: UnsafeBufferPointer<UInt8>? {
        guard tag == UInt8(ascii: "\"") else { return nil }
        return text(at: payload)
    }

    /// Lends the unescaped bytes of a string to `body`; nil unless this is a string.
    @inlinable public func withUTF8<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
        utf8.map(body)
    }

    @inlinable func text(at offset: Int) -> UnsafeBufferPointer<UInt8> {
        let start = strings + offset
        let count = UnsafeRawPointer(start).loadUnaligned(as: UInt32.self)
        return UnsafeBufferPointer(start: start + 4, count: Int(count))
    }

    /// Whether the string stored here has these bytes.
    @inlinable @inline(__always) func isText(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = strings + payload
        let count = Int(UnsafeRawPointer(start).loadUnaligned(as: UInt32.self))
        guard count == key.count else { return false }
        for index in 0..<count where start[4 + index] != key[index] { return false }
        return true
    }

    /// The tape index after this value.
    @inlinable @inline(__always) var end: Int {
        switch tag {
        case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"): index + 2
        case UInt8(ascii: "["), UInt8(ascii: "{"): Int(tape[index] & 0xFFFF_FFFF)
        default: index + 1
        }
    }
}
