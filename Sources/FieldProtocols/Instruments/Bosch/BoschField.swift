/// One field block of the sensor, 17 bytes from register 0x1D, 0x2E or 0x3F on: raw values and what they are worth.
public struct BoschField: Sendable, Equatable {
    /// Length of a block.
    public static let byteCount = 17

    /// Which sensor the block comes from.
    public var variant: BoschVariant
    /// Whether it was measured since the block was last read.
    public var isNew: Bool
    /// Which step of the heater profile the gas value belongs to.
    public var gasIndex: UInt8
    /// Counts the measurements of a cycle, wrapping at 256.
    public var measurementIndex: UInt8
    /// 24 bits with a BME690, 20 bits with the others.
    public var pressure: UInt32
    public var temperature: UInt32
    public var humidity: UInt16
    /// 10 bits.
    public var gas: UInt16
    public var gasRange: UInt8
    public var isGasValid: Bool
    public var isHeaterStable: Bool

    /// Bits as in the data sheets of BME680, BME688 and BME690, chapter "Memory map".
    public init(_ bytes: UnsafeRawBufferPointer, variant: BoschVariant) throws(BoschError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength }
        func three(_ offset: Int) -> UInt32 {
            UInt32(bytes[offset]) << 16 | UInt32(bytes[offset + 1]) << 8 | UInt32(bytes[offset + 2])
        }
        // The BME680 keeps its gas value two bytes before the others.
        let gasOffset = variant == .bme680 ? 13 : 15
        let shift: UInt32 = variant == .bme690 ? 0 : 4
        self.variant = variant
        isNew = bytes[0] & 0x80 != 0
        gasIndex = bytes[0] & 0x0F
        measurementIndex = bytes[1]
        pressure = three(2) >> shift
        temperature = three(5) >> shift
        humidity = UInt16(bytes[8]) << 8 | UInt16(bytes[9])
        gas = UInt16(bytes[gasOffset]) << 2 | UInt16(bytes[gasOffset + 1] >> 6)
        gasRange = bytes[gasOffset + 1] & 0x0F
        isGasValid = bytes[gasOffset + 1] & 0x20 != 0
        isHeaterStable = bytes[gasOffset + 1] & 0x10 != 0
    }
}
