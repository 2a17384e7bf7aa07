/// The 64-bit hash by which two payloads are held to be the same message again.
///
/// Not cryptographic and stable across restarts, since it is stored with records: changing it needs a new segment format.
public enum PayloadHash {
    /// Multiply-and-fold over 8-byte words; never 0, which means "no hash".
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
        var offset = 0
        while offset + 8 <= bytes.count {
            hash = fold(hash ^ bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian)
            offset += 8
        }
        let rest = bytes.count - offset
        var tail: UInt64 = 0
        if rest > 0, offset > 0 {
            // The last word of the whole, less what has been hashed of it.
            let last = bytes.loadUnaligned(fromByteOffset: bytes.count - 8, as: UInt64.self).littleEndian
            tail = last &>> UInt64(64 - 8 * rest)
        } else {
            for index in 0..<rest { tail |= UInt64(bytes[index]) &<< UInt64(8 * index) }
        }
        hash = fold(hash ^ tail)
        return hash == 0 ? 1 : hash
    }

    private static func fold(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}
