internal import Crypto

/// A 64-bit identifier of a device or a gateway.
public struct LoRaEUI: Hashable, Sendable, CustomStringConvertible {
    public var value: UInt64

    public init(_ value: UInt64) { self.value = value }

    /// Sixteen hex digits in either case, with dashes, colons or nothing between them; or `id6` of Basics Station
    /// (`0016:c001:ff10:a235`, `1::2`).
    public init?(text: String) { self.init(utf8: Array(text.utf8)) }

    /// As `init(text:)`, from bytes.
    public init?(utf8 text: some Collection<UInt8>) {
        guard text.count <= 23 else { return nil }
        var digits: UInt64 = 0
        var count = 0
        for byte in text {
            if byte == UInt8(ascii: "-") || byte == UInt8(ascii: ":") { continue }
            guard let digit = Self.digit(byte), count < 16 else {
                guard let id6 = Self.id6(text) else { return nil }
                self.init(id6)
                return
            }
            digits = digits << 4 | UInt64(digit)
            count += 1
        }
        if count == 16 {
            self.init(digits)
        } else if let id6 = Self.id6(text) {
            self.init(id6)
        } else {
            return nil
        }
    }

    /// Groups of up to four digits between colons; `::` stands for groups of zeros.
    private static func id6(_ text: some Collection<UInt8>) -> UInt64? {
        guard text.contains(UInt8(ascii: ":")) else { return nil }
        let groups = text.split(separator: UInt8(ascii: ":"), maxSplits: 8, omittingEmptySubsequences: false)
        var head: [UInt64] = []
        var tail: [UInt64] = []
        var isBehindGap = false
        for (position, group) in groups.enumerated() {
            if group.isEmpty {
                // `::1` and `1::` have an empty group at the end, too.
                if position > 0, position < groups.count - 1 {
                    guard !isBehindGap else { return nil }
                    isBehindGap = true
                } else if groups.count < 3 {
                    return nil
                }
                continue
            }
            guard group.count <= 4 else { return nil }
            var value: UInt64 = 0
            for byte in group {
                guard let digit = digit(byte) else { return nil }
                value = value << 4 | UInt64(digit)
            }
            if isBehindGap { tail.append(value) } else { head.append(value) }
        }
        let missing = 4 - head.count - tail.count
        guard missing == 0 || (missing > 0 && isBehindGap) else { return nil }
        return (head + Array(repeating: 0, count: missing) + tail).reduce(0) { $0 << 16 | $1 }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Sixteen lower-case hex digits.
    public var description: String {
        Hex.encode((0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) })
    }

    /// Sixteen upper-case hex digits, as The Things Stack writes them.
    public var upperCase: String { description.uppercased() }
}
