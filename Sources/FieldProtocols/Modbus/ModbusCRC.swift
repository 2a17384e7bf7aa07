/// CRC-16 of Modbus RTU: polynomial 0x8005 reflected (0xA001), start 0xFFFF; sent low byte first (MODBUS over serial line
/// V1.02, section 6.2.2). Its check value is 0x4B37.
public enum ModbusCRC {
    private static let table: [UInt16] = (0..<256).map { byte in
        (0..<8).reduce(UInt16(byte)) { crc, _ in crc & 1 != 0 ? crc >> 1 ^ 0xA001 : crc >> 1 }
    }

    /// The checksum of `bytes`.
    public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt16 {
        table.withUnsafeBufferPointer { table in
            var crc: UInt16 = 0xFFFF
            for byte in bytes { crc = crc >> 8 ^ table[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] }
            return crc
        }
    }

    /// `bytes` with their checksum behind them, as they go out.
    public static func appended(to bytes: [UInt8]) -> [UInt8] {
        let crc = bytes.withUnsafeBytes { of($0) }
        return bytes + [UInt8(truncatingIfNeeded: crc), UInt8(truncatingIfNeeded: crc >> 8)]
    }
}
