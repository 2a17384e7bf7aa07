/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF, not reflected, no final xor. Its check value is 0x29B1.
public enum CRC16 {
    private static let polynomial: UInt16 = 0x1021

    /// `tables[k * 256 + byte]`: the effect of `byte` followed by `k` zero bytes, so that sixteen bytes go in one step.
    private static let tables: [UInt16] = {
        var tables = [UInt16](repeating: 0, count: 16 * 256)
        for byte in 0..<256 {
            var crc = UInt16(byte) << 8
            for _ in 0..<8 { crc = crc & 0x8000 != 0 ? crc << 1 ^ polynomial : crc << 1 }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let shorter = tables[index - 256]
            tables[index] = shorter << 8 ^ tables[Int(shorter >> 8)]
        }
        return tables
    }()

    /// The checksum of `bytes`.
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt16 {
        tables.withUnsafeBufferPointer { buffer in
            guard let tables = buffer.baseAddress else { return 0 }
            var crc: UInt16 = 0xFFFF
            var offset = 0
            while offset + 16 <= bytes.count {
                // The checksum so far goes into the first two bytes.
                let first = word(bytes, at: offset) ^ UInt64(crc.byteSwapped)
                crc = effect(of: word(bytes, at: offset + 8), tables) ^ effect(of: first, tables + 8 * 256)
                offset += 16
            }
            if offset + 8 <= bytes.count {
                crc = effect(of: word(bytes, at: offset) ^ UInt64(crc.byteSwapped), tables)
                offset += 8
            }
            while offset < bytes.count {
                crc = crc << 8 ^ tables[Int(crc >> 8) ^ Int(bytes[offset])]
                offset += 1
            }
            return crc
        }
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Of eight bytes; `tables` begin with that of the last one. The first two bytes may wait for the checksum so far: they
    /// come last.
    @inline(__always)
    private static func effect(of word: UInt64, _ tables: UnsafePointer<UInt16>) -> UInt16 {
        var sum = tables[Int(word >> 56)] ^ tables[0x100 + Int(word >> 48 & 0xFF)]
        sum ^= tables[0x200 + Int(word >> 40 & 0xFF)] ^ tables[0x300 + Int(word >> 32 & 0xFF)]
        sum ^= tables[0x400 + Int(word >> 24 & 0xFF)] ^ tables[0x500 + Int(word >> 16 & 0xFF)]
        return sum ^ (tables[0x600 + Int(word >> 8 & 0xFF)] ^ tables[0x700 + Int(word & 0xFF)])
    }
}
