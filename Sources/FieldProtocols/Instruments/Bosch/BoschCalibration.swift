/// The calibration of one sensor together with what it is: measurements of another variant are refused.
public enum BoschCalibration: Sendable, Equatable {
    case bme68x(BME68xCalibration, BoschVariant)
    case bme690(BME690Calibration)

    public init(_ registers: BoschRegisters, variant: BoschVariant) {
        self =
            switch variant {
            case .bme680, .bme688: .bme68x(BME68xCalibration(registers), variant)
            case .bme690: .bme690(BME690Calibration(registers))
            }
    }

    /// What the calibration is of.
    public var variant: BoschVariant {
        switch self {
        case .bme68x(_, let variant): variant
        case .bme690: .bme690
        }
    }

    /// For the registers of the heater.
    public var heater: BoschHeater {
        switch self {
        case .bme68x(let calibration, _): calibration.heater
        case .bme690(let calibration): calibration.heater
        }
    }

    /// °C.
    public func temperature(_ adc: UInt32) -> Double {
        switch self {
        case .bme68x(let calibration, _): calibration.temperature(adc)
        case .bme690(let calibration): calibration.temperature(adc)
        }
    }

    /// Pa, at a temperature in °C that has been compensated.
    public func pressure(_ adc: UInt32, at celsius: Double) -> Double {
        switch self {
        case .bme68x(let calibration, _): calibration.pressure(adc, at: celsius)
        case .bme690(let calibration): calibration.pressure(adc, at: celsius)
        }
    }

    /// %, at a temperature in °C that has been compensated.
    public func humidity(_ adc: UInt16, at celsius: Double) -> Double {
        switch self {
        case .bme68x(let calibration, _): calibration.humidity(adc, at: celsius)
        case .bme690(let calibration): calibration.humidity(adc, at: celsius)
        }
    }

    /// Ω.
    public func gasResistance(_ adc: UInt16, range: UInt8) -> Double {
        if case .bme68x(let calibration, .bme680) = self { return calibration.lowGasResistance(adc, range: range) }
        return Self.gasResistance(adc, range: range)
    }

    /// Ω, of a BME688 or BME690; no calibration enters.
    public static func gasResistance(_ adc: UInt16, range: UInt8) -> Double {
        let scale = Float(UInt32(262_144) >> UInt32(range & 0xF))
        return Double(1_000_000 * scale / Float(4_096 + 3 * (Int(adc & 0x3FF) - 512)))
    }

    /// What a field block means. Throws `variantMismatch` if it comes from another kind of sensor.
    public func measurement(_ field: BoschField) throws(BoschError) -> BoschMeasurement {
        guard field.variant == variant else { throw .variantMismatch }
        let celsius = temperature(field.temperature)
        return BoschMeasurement(
            celsius: celsius, pascal: pressure(field.pressure, at: celsius),
            humidityPercent: humidity(field.humidity, at: celsius),
            gasOhm: field.isGasValid ? gasResistance(field.gas, range: field.gasRange) : nil,
            heaterStep: field.gasIndex, isHeaterStable: field.isHeaterStable)
    }
}

/// The quantities of one field block.
public struct BoschMeasurement: Sendable, Equatable {
    public var celsius: Double
    public var pascal: Double
    public var humidityPercent: Double
    /// Nil while the gas value is not valid.
    public var gasOhm: Double?
    /// A gas value means nothing without the step of the profile it was taken at.
    public var heaterStep: UInt8
    public var isHeaterStable: Bool
}
