/// Writes a Protocol Buffers message field by field.
struct ProtobufWriter {
    private(set) var bytes: [UInt8] = []

    mutating func varint(_ number: UInt32, _ value: UInt64) {
        append(UInt64(number) << 3)
        append(value)
    }

    mutating func bytes(_ number: UInt32, _ content: some Collection<UInt8>) {
        append(UInt64(number) << 3 | 2)
        append(UInt64(content.count))
        bytes.append(contentsOf: content)
    }

    mutating func text(_ number: UInt32, _ text: String) { bytes(number, text.utf8) }

    mutating func fixed32(_ number: UInt32, _ bits: UInt32) {
        append(UInt64(number) << 3 | 5)
        withUnsafeBytes(of: bits.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func fixed64(_ number: UInt32, _ bits: UInt64) {
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
