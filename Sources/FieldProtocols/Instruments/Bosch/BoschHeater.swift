/// What the heater's registers are set to; the same for the whole family.
public struct BoschHeater: Sendable, Equatable {
    /// Hotter than this the sensor is destroyed.
    public static let celsiusMax = 400

    var g1: Int
    var g2: Int
    var g3: Int
    var range: Int
    var value: Int

    init(g1: Int, g2: Int, g3: Int, range: Int, value: Int) {
        self.g1 = g1
        self.g2 = g2
        self.g3 = g3
        self.range = range
        self.value = value
    }

    init(_ registers: BoschRegisters) {
        self.init(
            g1: registers.i8(35), g2: registers.i16(33), g3: registers.i8(36), range: (registers.u8(39) & 0x30) >> 4,
            value: registers.i8(37))
    }

    /// `res_heat_x` for a target in °C at an ambient temperature; targets beyond 400 °C are taken for 400 °C.
    public func register(target: Int, ambient: Int) -> UInt8 {
        // In single precision, as the manufacturer calculates: the result is cut, so the last bit counts.
        let target = Float(min(max(target, 0), Self.celsiusMax))
        let slope = Float(g2) / 32_768 * 0.0005 + 0.00235
        let resistance = (Float(g1) / 16 + 49) * (1 + slope * target) + Float(g3) / 1_024 * Float(ambient)
        let scaled = resistance * (4 / (4 + Float(range))) * (1 / (1 + Float(value) * 0.002))
        let register = (3.4 * (scaled - 25)).rounded(.towardZero)
        return UInt8(exactly: min(max(register, 0), 255)) ?? 0
    }

    /// `gas_wait_x` for a time in ms: six bits times 1, 4, 16 or 64; 4,032 ms and more saturate.
    public static func waitRegister(milliseconds: Int) -> UInt8 {
        guard milliseconds < 4_032 else { return 0xFF }
        var time = max(milliseconds, 0)
        var factor = 0
        while time > 0x3F {
            time /= 4
            factor += 1
        }
        return UInt8(truncatingIfNeeded: time + factor * 64)
    }

    /// The time in ms that a `gas_wait_x` register stands for.
    public static func waitMilliseconds(register: UInt8) -> Int { Int(register & 0x3F) << (2 * Int(register >> 6)) }
}
