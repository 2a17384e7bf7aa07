/// The packed telemetry of the binary firmware generation (reference, section 1.9): 188 bytes with a magic of its own.
public struct TelemetryV1: Sendable, Equatable {
    /// The size of the struct.
    public static let byteCount = 188

    /// Since the board booted.
    public var uptimeMilliseconds: UInt32
    /// Raw counts of the four analog inputs, 12 bits.
    public var analogCounts: [UInt16]
    public var analogVolts: [Float]
    /// The three switched outputs.
    public var mosfets: [Bool]
    /// Addresses found on each of the four I2C buses.
    public var i2cAddresses: [[UInt8]]
    /// Address of the sensor on each bus, 0 if there is none, and its chip id.
    public var bmeAddresses: [UInt8]
    public var bmeChips: [UInt8]
    public var sdaPins: [Int8]
    public var sclPins: [Int8]

    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count == Self.byteCount, payload.u16(at: 0) == MDPHeader.magic, payload[2] == 1 else {
            return nil
        }
        uptimeMilliseconds = payload.u32(at: 8)
        analogCounts = (0..<4).map { payload.u16(at: 12 + 2 * $0) }
        analogVolts = (0..<4).map { payload.f32(at: 20 + 4 * $0) }
        mosfets = (0..<3).map { payload[36 + $0] != 0 }
        i2cAddresses = (0..<4).map { bus in
            let start = 44 + 16 * bus
            return Array(payload[start..<start + min(Int(payload[40 + bus]), 16)])
        }
        bmeAddresses = (0..<4).map { payload[108 + $0] }
        bmeChips = (0..<4).map { payload[112 + $0] }
        sdaPins = (0..<4).map { payload.i8(at: 116 + $0) }
        sclPins = (0..<4).map { payload.i8(at: 120 + $0) }
    }
}
