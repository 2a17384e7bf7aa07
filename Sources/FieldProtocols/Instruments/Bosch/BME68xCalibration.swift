/// The calibration of one BME680 or BME688 and its formulas (data sheets, "Data readout and calibration").
public struct BME68xCalibration: Sendable, Equatable {
    var t1 = 0, t2 = 0, t3 = 0
    var p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0, p8 = 0, p9 = 0, p10 = 0
    var h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0, h7 = 0
    /// Of the BME680 alone.
    var rangeSwitchingError = 0
    /// For the registers of the heater.
    public var heater = BoschHeater(g1: 0, g2: 0, g3: 0, range: 0, value: 0)

    init() {}

    public init(_ registers: BoschRegisters) {
        t1 = registers.u16(31)
        t2 = registers.i16(0)
        t3 = registers.i8(2)
        p1 = registers.u16(4)
        p2 = registers.i16(6)
        p3 = registers.i8(8)
        p4 = registers.i16(10)
        p5 = registers.i16(12)
        p7 = registers.i8(14)
        p6 = registers.i8(15)
        p8 = registers.i16(18)
        p9 = registers.i16(20)
        p10 = registers.u8(22)
        h2 = registers.u12(above: 23, shared: 24, isUpperHalf: true)
        h1 = registers.u12(above: 25, shared: 24, isUpperHalf: false)
        h3 = registers.i8(26)
        h4 = registers.i8(27)
        h5 = registers.i8(28)
        h6 = registers.u8(29)
        h7 = registers.i8(30)
        rangeSwitchingError = registers.i8(41) >> 4
        heater = BoschHeater(registers)
    }

    /// °C.
    public func temperature(_ adc: UInt32) -> Double { fine(adc) / 5_120 }

    /// The temperature in the unit in which pressure is compensated.
    private func fine(_ adc: UInt32) -> Double {
        let distance = Double(adc) / 131_072 - Double(t1) / 8_192
        return (Double(adc) / 16_384 - Double(t1) / 1_024) * Double(t2) + distance * distance * Double(t3) * 16
    }

    /// Pa, at a temperature in °C that has been compensated; 0 where the calibration is none.
    public func pressure(_ adc: UInt32, at celsius: Double) -> Double {
        let warmth = celsius * 2_560 - 64_000
        let offset =
            (warmth * warmth * (Double(p6) / 131_072) + warmth * Double(p5) * 2) / 4 + Double(p4) * 65_536
        let inner = (Double(p3) * warmth * warmth / 16_384 + Double(p2) * warmth) / 524_288
        let slope = (1 + inner / 32_768) * Double(p1)
        guard slope.magnitude >= 1 else { return 0 }
        let linear = (1_048_576 - Double(adc) - offset / 4_096) * 6_250 / slope
        let square = Double(p9) * linear * linear / 2_147_483_648
        let cube = linear / 256 * (linear / 256) * (linear / 256) * (Double(p10) / 131_072)
        return linear + (square + linear * (Double(p8) / 32_768) + cube + Double(p7) * 128) / 16
    }

    /// %, at a temperature in °C that has been compensated; held between 0 and 100.
    public func humidity(_ adc: UInt16, at celsius: Double) -> Double {
        let distance = Double(adc) - (Double(h1) * 16 + Double(h3) / 2 * celsius)
        let factor = 1 + Double(h4) / 16_384 * celsius + Double(h5) / 1_048_576 * celsius * celsius
        let linear = distance * (Double(h2) / 262_144) * factor
        let value = linear + (Double(h6) / 16_384 + Double(h7) / 2_097_152 * celsius) * linear * linear
        return min(max(value, 0), 100)
    }

    /// Ω, of a BME680, which corrects each range by two constants in percent.
    func lowGasResistance(_ adc: UInt16, range: UInt8) -> Double {
        let range = Int(range & 0xF)
        let scale = (1_340 + 5 * Double(rangeSwitchingError)) * (1 + Self.firstPercent[range] / 100)
        let width = Double(1 << range) * 0.000000125 * (1 + Self.secondPercent[range] / 100)
        return 1 / (width * ((Double(adc) - 512) / scale + 1))
    }

    /// By range: what the data sheet's table of `const_array1` and `const_array2` comes to, in percent.
    private static let firstPercent: [Double] = [0, 0, 0, 0, 0, -1, 0, -0.8, 0, 0, -0.2, -0.5, 0, -1, 0, 0]
    private static let secondPercent: [Double] = [0, 0, 0, 0, 0.1, 0.7, 0, -0.8, -0.1, 0, 0, 0, 0, 0, 0, 0]
}
