/// Takes a payload of Cayenne LPP apart, one value after the other (myDevices, Cayenne Low Power Payload).
///
/// The format has no lengths: behind an unknown type nothing can be read, but what came before is good.
public struct CayenneReader {
    /// One value: up to three parts.
    public struct Item: Sendable, Equatable {
        public var channel: UInt8
        public var type: UInt8
        /// The parts that the table says there are; the rest is 0.
        public var parts: SIMD4<Double>
    }

    private let bytes: UnsafeRawBufferPointer
    private let table: CayenneTable
    private var offset = 0

    public init(_ bytes: UnsafeRawBufferPointer, table: CayenneTable = .standard) {
        self.bytes = bytes
        self.table = table
    }

    /// The next value; nil at the end. After an error there is nothing more.
    public mutating func next() throws(LoRaError) -> Item? {
        guard offset < bytes.count else { return nil }
        let start = offset
        offset = bytes.count
        guard start + 1 < bytes.count else { throw LoRaError(.missingType, at: bytes.count) }
        let channel = bytes[start]
        let type = bytes[start + 1]
        guard let field = table.fields[Int(type)] else { throw LoRaError(.unknownType, at: start + 1) }
        let end = start + 2 + field.length
        guard end <= bytes.count else { throw LoRaError(.shortValue, at: start + 2) }
        var parts = SIMD4<Double>()
        for part in 0..<min(field.divisors.count, 4) {
            let raw = integer(at: start + 2 + part * field.byteCount, field)
            parts[part] = Double(raw) / field.divisors[part]
        }
        offset = end
        return Item(channel: channel, type: type, parts: parts)
    }

    private func integer(at start: Int, _ field: CayenneField) -> Int64 {
        var value: Int64 = 0
        for index in start..<(start + field.byteCount) { value = value << 8 | Int64(bytes[index]) }
        let bits = Int64(field.byteCount) * 8
        if field.isSigned, value >> (bits - 1) != 0 { value -= 1 << bits }
        return value
    }
}
