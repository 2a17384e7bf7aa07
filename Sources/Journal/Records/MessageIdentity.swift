internal import GatewayModel

/// What is stored of a record to know its message again.
enum MessageIdentity: Equatable {
    case none
    /// A message id in the canonical form of a UUID, lower case: 16 bytes instead of 36, and the same text back.
    case uuid(UInt64, UInt64)
    /// Any other message id: a range of the bytes it is taken from.
    case text(Range<Int>)
    case payload(UInt64)

    /// The id as 128 bits, if printing them gives back these very bytes.
    static func uuid(_ text: UnsafeRawBufferPointer) -> MessageIdentity? {
        guard text.count == 36 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (position, byte) in text.enumerated() {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            high = high << 4 | low >> 60
            low = low << 4 | UInt64(digit)
        }
        return .uuid(high, low)
    }

    /// The text of 128 bits, as `uuid(_:)` took it.
    static func text(_ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 36) { write(high, low, to: $0) }
    }

    /// Lends the bytes of that text.
    static func withText<R>(_ high: UInt64, _ low: UInt64, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 36) { bytes in
            _ = write(high, low, to: bytes)
            return body(UnsafeRawBufferPointer(bytes))
        }
    }

    private static func write(_ high: UInt64, _ low: UInt64, to bytes: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var position = 0
        for digit in 0..<32 {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                bytes[position] = UInt8(ascii: "-")
                position += 1
            }
            let word = digit < 16 ? high : low
            let value = UInt8(truncatingIfNeeded: word >> UInt64((15 - digit & 15) * 4)) & 0xF
            bytes[position] = value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
            position += 1
        }
        return position
    }
}
