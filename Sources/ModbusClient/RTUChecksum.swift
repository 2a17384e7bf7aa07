/// CRC-16 of Modbus RTU, sent low byte first (MODBUS over serial line V1.02, section 6.2.2).
enum RTUChecksum {
    private static func of(_ bytes: some Sequence<UInt8>) -> UInt16 {
        bytes.reduce(0xFFFF) { crc, byte in
            (0..<8).reduce(crc ^ UInt16(byte)) { crc, _ in crc & 1 != 0 ? crc >> 1 ^ 0xA001 : crc >> 1 }
        }
    }

    /// `bytes` with their checksum behind them, as they go out.
    static func appended(to bytes: [UInt8]) -> [UInt8] {
        let crc = of(bytes)
        return bytes + [UInt8(truncatingIfNeeded: crc), UInt8(crc >> 8)]
    }

    /// Whether a frame ends with its checksum.
    static func holds(_ frame: ArraySlice<UInt8>) -> Bool {
        let crc = of(frame.dropLast(2))
        return frame.suffix(2).elementsEqual([UInt8(truncatingIfNeeded: crc), UInt8(crc >> 8)])
    }
}
