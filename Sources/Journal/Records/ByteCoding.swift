/// Reads numbers out of borrowed bytes. Past the end it yields zeros and remembers that it did.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0
    private(set) var isBroken = false

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset >= bytes.count }

    mutating func byte() -> UInt8 {
        guard offset < bytes.count else {
            isBroken = true
            return 0
        }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// LEB128, at most ten bytes.
    mutating func varint() -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 70 {
            let next = byte()
            if shift < 64 { value |= UInt64(next & 0x7F) << shift }
            if next < 0x80 { return value }
            shift += 7
        }
        isBroken = true
        return 0
    }

    mutating func varint32() -> UInt32 {
        guard let value = UInt32(exactly: varint()) else {
            isBroken = true
            return 0
        }
        return value
    }

    mutating func zigzag() -> Int64 {
        let value = varint()
        return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }

    mutating func fixed32() -> UInt32 {
        guard let range = take(4) else { return 0 }
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt32.self))
    }

    mutating func fixed64() -> UInt64 {
        guard let range = take(8) else { return 0 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self))
    }

    /// The place of the next `count` bytes; nil if there are not so many.
    mutating func take(_ count: Int) -> Range<Int>? {
        guard count >= 0, count <= bytes.count - offset else {
            isBroken = true
            offset = bytes.count
            return nil
        }
        defer { offset += count }
        return offset..<offset + count
    }

    /// A text that was written with its length before it.
    mutating func text() -> String {
        guard let count = Int(exactly: varint()), let range = take(count) else {
            isBroken = true
            return ""
        }
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[range]), as: UTF8.self)
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func appendVarint(_ value: UInt32) { appendVarint(UInt64(value)) }

    mutating func appendZigzag(_ value: Int64) { appendVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

    mutating func appendFixed(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func appendText(_ text: String) {
        var text = text
        text.withUTF8 {
            appendVarint(UInt64($0.count))
            append(contentsOf: $0)
        }
    }
}

/// Bytes that `value` takes as a varint.
func varintSize(_ value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }
