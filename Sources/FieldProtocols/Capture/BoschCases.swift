internal import JSONText

/// Works out the cases of a document with the calibration it came with.
struct BoschCases {
    /// What can be worked out; the names of the members that hold a list of cases.
    enum Kind: String, CaseIterable {
        case temperature, pressure, humidity
        case gasResistance = "gas_resistance"
        case heaterRegister = "heater_register"
        case gasWaitRegister = "gas_wait_register"
        /// Whole field blocks, `{"hex": …}`.
        case fields
    }

    private var variant: BoschVariant
    private let family: BoschVariant
    private var calibration: BoschCalibration?
    private var lacking: Set<Kind> = []
    private var ambient = 25

    init(variant: BoschVariant) {
        self.variant = variant
        family = variant
    }

    /// Takes over what a document says of the sensor. Throws if it is of the other family.
    mutating func open(_ document: JSONValue) throws(BoschError) {
        if let named = try BoschCase.variant(document) { variant = named }
        guard (variant == .bme690) == (family == .bme690) else { throw .variantMismatch }
        if let calibration = try BoschCase.calibration(document, variant: variant) {
            self.calibration = calibration
            lacking = BoschCase.lacking(document, variant: variant)
        }
        if let celsius = document["calibration"]?["amb_temp"]?.int64 ?? document["amb_temp"]?.int64 {
            ambient = Int(min(max(celsius, -128), 127))
        }
    }

    func results(_ kind: Kind, _ item: JSONValue) throws(BoschError) -> [(name: String, value: JSON)] {
        switch kind {
        case .gasWaitRegister:
            guard let time = item["ms"]?.int64, (0...1_000_000).contains(time) else { throw .outOfRange }
            return [("reg", .integer(Int64(BoschHeater.waitRegister(milliseconds: Int(time)))))]
        case .gasResistance where variant != .bme680:
            return [("ohm", .number(BoschCalibration.gasResistance(try gas(item), range: try range(item))))]
        default: break
        }
        guard let calibration, !lacking.contains(kind) else { throw .missingCalibration }
        switch kind {
        case .temperature: return [("deg_c", .number(calibration.temperature(try adc(item))))]
        case .pressure: return [("pa", .number(calibration.pressure(try adc(item), at: try celsius(item))))]
        case .humidity:
            guard let adc = UInt16(exactly: try adc(item)) else { throw .outOfRange }
            return [("rh", .number(calibration.humidity(adc, at: try celsius(item))))]
        case .heaterRegister:
            guard let target = item["target_c"]?.int64, (0...65_535).contains(target) else { throw .outOfRange }
            let ambient = item["amb_temp"]?.int64.flatMap { (-128...127).contains($0) ? Int($0) : nil } ?? ambient
            return [("reg", .integer(Int64(calibration.heater.register(target: Int(target), ambient: ambient))))]
        case .gasResistance:
            return [("ohm", .number(calibration.gasResistance(try gas(item), range: try range(item))))]
        case .fields: return try field(item, calibration)
        case .gasWaitRegister: return []
        }
    }

    private func field(
        _ item: JSONValue, _ calibration: BoschCalibration
    ) throws(BoschError) -> [(name: String, value: JSON)] {
        let bytes = try BoschCase.bytes(item["hex"]?.string ?? "")
        let itsVariant = try BoschCase.variant(item) ?? variant
        let field: BoschField
        do { field = try bytes.withUnsafeBytes { try BoschField($0, variant: itsVariant) } } catch let error
            as BoschError
        {
            throw error
        } catch { throw .wrongLength }
        let measurement = try calibration.measurement(field)
        return [
            ("variant", .string(field.variant.name)), ("new_data", .bool(field.isNew)),
            ("gas_index", .integer(Int64(field.gasIndex))), ("meas_index", .integer(Int64(field.measurementIndex))),
            ("deg_c", .number(measurement.celsius)), ("pa", .number(measurement.pascal)),
            ("rh", .number(measurement.humidityPercent)), ("ohm", measurement.gasOhm.map { .number($0) } ?? .null),
            ("heater_stable", .bool(measurement.isHeaterStable)),
        ]
    }

    private func adc(_ item: JSONValue) throws(BoschError) -> UInt32 {
        guard let value = item["adc"]?.uint64, value < 1 << 24 else { throw .outOfRange }
        return UInt32(value)
    }

    private func gas(_ item: JSONValue) throws(BoschError) -> UInt16 {
        guard let value = item["adc"]?.uint64, value < 1_024 else { throw .outOfRange }
        return UInt16(value)
    }

    private func range(_ item: JSONValue) throws(BoschError) -> UInt8 {
        guard let value = item["range"]?.uint64, value < 16 else { throw .outOfRange }
        return UInt8(value)
    }

    private func celsius(_ item: JSONValue) throws(BoschError) -> Double {
        guard let value = item["deg_c"]?.double, (-100...200).contains(value) else { throw .outOfRange }
        return value
    }
}
