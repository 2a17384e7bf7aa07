/// Writes a Protocol Buffers message field by field.
package struct ProtobufWriter {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    package mutating func varint(_ number: UInt32, _ value: UInt64) {
        append(UInt64(number) << 3)
        append(value)
    }

    package mutating func bytes(_ number: UInt32, _ content: some Collection<UInt8>) {
        append(UInt64(number) << 3 | 2)
        append(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    package mutating func text(_ number: UInt32, _ text: String) { bytes(number, text.utf8) }

    package mutating func fixed32(_ number: UInt32, _ bits: UInt32) {
        append(UInt64(number) << 3 | 5)
        withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func fixed64(_ number: UInt32, _ bits: UInt64) {
        append(UInt64(number) << 3 | 1)
        withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func append(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }
}
