/// The calibration of one BME690 and its formulas (data sheet, "Compensation"). The temperature passes through single
/// precision, as with the manufacturer's own routines, so that results agree to the last digit shown.
public struct BME690Calibration: Sendable, Equatable {
    var t1 = 0, t2 = 0, t3 = 0
    var p1 = 0, p2 = 0, p3 = 0, p4 = 0, p5 = 0, p6 = 0, p7 = 0, p8 = 0, p9 = 0, p10 = 0, p11 = 0
    var h1 = 0, h2 = 0, h3 = 0, h4 = 0, h5 = 0, h6 = 0
    /// For the registers of the heater.
    public var heater = BoschHeater(g1: 0, g2: 0, g3: 0, range: 0, value: 0)

    init() {}

    public init(_ registers: BoschRegisters) {
        t1 = registers.u16(31)
        t2 = registers.u16(0)
        t3 = registers.i8(2)
        p5 = registers.i16(4)
        p6 = registers.i16(6)
        p7 = registers.i8(8)
        p8 = registers.i8(9)
        p1 = registers.u16(10)
        p2 = registers.u16(12)
        p3 = registers.i8(14)
        p4 = registers.i8(15)
        p9 = registers.i16(18)
        p10 = registers.i8(20)
        p11 = registers.i8(21)
        h5 = registers.i12(above: 23, shared: 24, isUpperHalf: true)
        h1 = registers.i12(above: 25, shared: 24, isUpperHalf: false)
        h2 = registers.i8(26)
        h4 = registers.i8(27)
        h3 = registers.u8(28)
        h6 = registers.u8(29)
        heater = BoschHeater(registers)
    }

    /// °C.
    public func temperature(_ adc: UInt32) -> Double {
        let distance = Double(Int64(adc) - Int64(t1) << 8)
        let value = distance * (Double(t2) / 0x1p30) + distance * distance * (Double(t3) / 0x1p48)
        return Double(Float(value))
    }

    /// Pa, at a temperature in °C that has been compensated.
    public func pressure(_ adc: UInt32, at celsius: Double) -> Double {
        let adc = Double(adc)
        let offset = Double(p1) * 8 + cubic(celsius, Double(p2) / 0x1p6, Double(p3) / 0x1p8, Double(p4) / 0x1p15)
        let slope =
            (Double(p5) - 0x1p14) / 0x1p20
            + cubic(celsius, (Double(p6) - 0x1p14) / 0x1p29, Double(p7) / 0x1p32, Double(p8) / 0x1p37)
        let square = Double(p9) / 0x1p48 + Double(p10) / 0x1p48 * celsius
        let value = offset + adc * slope + adc * adc * square + adc * adc * adc * (Double(p11) / 0x1p65)
        return Double(Float(value))
    }

    /// %, at a temperature in °C that has been compensated. It may lie beyond 0 and 100, as with the manufacturer's own routine.
    public func humidity(_ adc: UInt16, at celsius: Double) -> Double {
        // The product is rounded to single precision first.
        let warmth = Double(Float(celsius) * 5_120 - 76_800)
        let slope = Double(h4) / 0x1p26
        let distance = Double(adc) - (Double(h1) * 64 + Double(h2) / 0x1p14 * warmth)
        let factor = 1 + slope * warmth + slope * (Double(h3) / 0x1p26) * warmth * warmth
        let linear = distance * (Double(h5) / 0x1p16) * factor
        let value = linear * (1 - Double(h6) / 0x1p19 * linear)
        return Double(Float(value))
    }

    private func cubic(_ x: Double, _ first: Double, _ second: Double, _ third: Double) -> Double {
        first * x + second * x * x + third * x * x * x
    }
}
