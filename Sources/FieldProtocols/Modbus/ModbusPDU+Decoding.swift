extension ModbusPDU {
    /// Bytes of a PDU that begins with these bytes, if it comes from `side`; nil if too little of it is there to tell, or
    /// its function says nothing of its length.
    static func byteCount(_ bytes: UnsafeRawBufferPointer, from side: ModbusSide) -> Int? {
        guard let function = bytes.first else { return nil }
        func counted(at offset: Int) -> Int? {
            bytes.count > offset ? offset + 1 + Int(bytes[offset]) : nil
        }
        if function & 0x80 != 0 { return 2 }
        switch (function, side) {
        case (1...4, .request), (5, _), (6, _), (8, _): return 5
        case (1...4, .response), (0x11, .response), (20, _), (21, _), (23, .response): return counted(at: 1)
        case (7, .request), (11, .request), (12, .request), (0x11, .request): return 1
        case (7, .response): return 2
        case (11, .response): return 5
        case (12, .response): return counted(at: 1)
        case (15, .request), (16, .request): return counted(at: 5)
        case (15, .response), (16, .response): return 5
        case (22, _): return 7
        case (23, .request): return counted(at: 9)
        case (24, .request): return 3
        case (43, .request): return bytes.count > 1 && bytes[1] == 14 ? 4 : nil
        default: return nil
        }
    }

    /// Bytes that every PDU of this function has, whatever it counts.
    private static func headCount(_ function: UInt8, _ side: ModbusSide) -> Int {
        switch (function, side) {
        case (15, .request), (16, .request): 6
        case (23, .request): 10
        default: 2
        }
    }

    /// Reads one whole PDU. `side` decides what its bytes do not.
    public init(_ bytes: UnsafeRawBufferPointer, from side: ModbusSide) throws(ModbusError) {
        guard let function = bytes.first else { throw .tooShort }
        guard bytes.count <= Self.byteCountMax else { throw .oversized }
        if let expected = Self.byteCount(bytes, from: side) {
            guard bytes.count >= min(expected, 2) else { throw .tooShort }
            guard bytes.count == expected else { throw .lengthMismatch }
        } else if bytes.count < Self.headCount(function, side) {
            throw .tooShort
        }
        if function & 0x80 != 0 {
            self = .exception(function: function & 0x7F, code: bytes[1])
            return
        }
        switch (function, side) {
        case (1...4, .request): self = try Self.readRequest(function, bytes)
        case (1, .response), (2, .response): self = .bits(function: function, Self.bits(bytes[2...], countMax: .max))
        case (3, .response), (4, .response), (23, .response):
            self = .registers(function: function, try Self.registers(bytes[2...]))
        case (5, _), (6, _): self = try Self.writeSingle(function, bytes)
        case (15, .request), (16, .request): self = try Self.writeMultiple(function, bytes)
        case (15, .response), (16, .response):
            self = .written(function: function, start: bytes.u16BE(at: 1), count: bytes.u16BE(at: 3))
        case (22, _): self = .maskWrite(address: bytes.u16BE(at: 1), and: bytes.u16BE(at: 3), or: bytes.u16BE(at: 5))
        case (23, .request): self = try Self.readWrite(bytes)
        case (7, _), (8, _), (11, _), (12, _), (0x11, _), (20, _), (21, _), (24, _), (43, _):
            self = .other(function: function, Array(bytes.dropFirst()))
        default: throw .unknownFunction
        }
    }

    private static func readRequest(
        _ function: UInt8, _ bytes: UnsafeRawBufferPointer
    ) throws(ModbusError) -> ModbusPDU {
        let count = bytes.u16BE(at: 3)
        guard count >= 1, Int(count) <= (function <= 2 ? bitCountMax : registerCountMax) else { throw .badCount }
        return .readRequest(function: function, start: bytes.u16BE(at: 1), count: count)
    }

    private static func writeSingle(
        _ function: UInt8, _ bytes: UnsafeRawBufferPointer
    ) throws(ModbusError) -> ModbusPDU {
        .writeSingle(function: function, address: bytes.u16BE(at: 1), value: bytes.u16BE(at: 3))
    }

    private static func writeMultiple(
        _ function: UInt8, _ bytes: UnsafeRawBufferPointer
    ) throws(ModbusError) -> ModbusPDU {
        let start = bytes.u16BE(at: 1)
        let count = Int(bytes.u16BE(at: 3))
        let byteCount = bytes.count - 6
        if function == 15 {
            guard (1...writeBitCountMax).contains(count) else { throw .badCount }
            guard byteCount == (count + 7) / 8 else { throw .lengthMismatch }
            return .writeCoils(start: start, bits(bytes[6...], countMax: count))
        }
        guard (1...writeRegisterCountMax).contains(count) else { throw .badCount }
        guard byteCount == count * 2 else { throw .lengthMismatch }
        return .writeRegisters(start: start, try registers(bytes[6...]))
    }

    private static func readWrite(_ bytes: UnsafeRawBufferPointer) throws(ModbusError) -> ModbusPDU {
        let readCount = bytes.u16BE(at: 3)
        let writeCount = Int(bytes.u16BE(at: 7))
        guard (1...registerCountMax).contains(Int(readCount)), (1...121).contains(writeCount) else { throw .badCount }
        guard bytes.count - 10 == writeCount * 2 else { throw .lengthMismatch }
        return .readWriteRequest(
            readStart: bytes.u16BE(at: 1), readCount: readCount, writeStart: bytes.u16BE(at: 5),
            try registers(bytes[10...]))
    }

    private static func registers(_ bytes: Slice<UnsafeRawBufferPointer>) throws(ModbusError) -> [UInt16] {
        guard bytes.count.isMultiple(of: 2) else { throw .lengthMismatch }
        let words = UnsafeRawBufferPointer(rebasing: bytes)
        return stride(from: 0, to: words.count, by: 2).map { words.u16BE(at: $0) }
    }

    /// Bits stand first in the lowest place.
    static func bits(_ bytes: Slice<UnsafeRawBufferPointer>, countMax: Int) -> [Bool] {
        var bits: [Bool] = []
        for byte in bytes {
            for place in 0..<8 where bits.count < countMax { bits.append(byte >> UInt8(place) & 1 != 0) }
        }
        return bits
    }
}
