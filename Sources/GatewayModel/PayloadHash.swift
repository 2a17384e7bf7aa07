/// The 64-bit hash by which two payloads are held to be the same message again.
///
/// Not cryptographic and stable across restarts, since it is stored with records: changing it needs a new segment format.
public enum PayloadHash {
    /// Multiply-and-fold over 8-byte words; never 0, which means "no hash".
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(bytes.count)
        if var word = bytes.baseAddress {
            let rest = bytes.count & 7
            let end = word + (bytes.count - rest)
            while word < end {
                hash = fold(hash ^ word.loadUnaligned(as: UInt64.self).littleEndian)
                word += 8
            }
            if bytes.count < 8 {
                hash ^= short(word, rest)
            } else if rest > 0 {
                // The last word of the whole, less what has been hashed of it.
                hash ^= (word + (rest - 8)).loadUnaligned(as: UInt64.self).littleEndian &>> UInt64(64 - 8 * rest)
            }
        }
        hash = fold(hash)
        return hash == 0 ? 1 : hash
    }

    /// Fewer than eight bytes as a word, the first one lowest. What is read twice lies upon itself.
    private static func short(_ bytes: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count >= 4 {
            let last = UInt64((bytes + (count - 4)).loadUnaligned(as: UInt32.self).littleEndian)
            return UInt64(bytes.loadUnaligned(as: UInt32.self).littleEndian) | last &<< UInt64(8 * (count - 4))
        }
        guard count > 0 else { return 0 }
        let (middle, last) = (count / 2, count - 1)
        return UInt64(bytes.load(as: UInt8.self))
            | UInt64((bytes + middle).load(as: UInt8.self)) &<< UInt64(8 * middle)
            | UInt64((bytes + last).load(as: UInt8.self)) &<< UInt64(8 * last)
    }

    private static func fold(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xA076_1D64_78BD_642F)
        return product.high ^ product.low
    }
}
