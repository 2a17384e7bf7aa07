internal import JSONText

/// Calibration and raw values of a Bosch gas sensor as JSON: what `decode bme690` and `decode bme68x` take.
enum BoschCase {
    /// The calibration of a document: coefficients by name, or the registers in hex.
    static func calibration(_ document: JSONValue, variant: BoschVariant) throws(BoschError) -> BoschCalibration? {
        if let hex = document["calibration_hex"]?.string {
            return BoschCalibration(try BoschRegisters(try bytes(hex)), variant: variant)
        }
        guard let object = document["calibration"], object.isObject else { return nil }
        return variant == .bme690 ? .bme690(bme690(object)) : .bme68x(bme68x(object), variant)
    }

    /// The bytes of a text of hex digits, with or without blanks.
    static func bytes(_ hex: String) throws(BoschError) -> [UInt8] {
        var bytes: [UInt8] = []
        var high: Int?
        for character in hex where !character.isWhitespace {
            guard let digit = character.hexDigitValue else { throw .outOfRange }
            if let first = high {
                bytes.append(UInt8(truncatingIfNeeded: first << 4 | digit))
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { throw .wrongLength }
        return bytes
    }

    /// The variant that a document names: a number, or the name on the package. Nil if it names none.
    static func variant(_ document: JSONValue) throws(BoschError) -> BoschVariant? {
        guard let value = document["variant"] else { return nil }
        let variant =
            value.string.flatMap { BoschVariant(name: $0) ?? BoschVariant(hex: $0) }
            ?? value.uint64.flatMap { UInt8(exactly: $0) }.flatMap { BoschVariant(rawValue: $0) }
        guard let variant else { throw .unknownVariant }
        return variant
    }

    /// What cannot be worked out, because coefficients by name are not all there: as zero they would give wrong values.
    static func lacking(_ document: JSONValue, variant: BoschVariant) -> Set<BoschCases.Kind> {
        guard document["calibration_hex"] == nil, let object = document["calibration"] else { return [] }
        var lacking: Set<BoschCases.Kind> = []
        for (kind, names) in coefficients {
            let known = variant == .bme690 ? names.bme690 : names.bme68x
            if known.contains(where: { coefficient(object, $0) == nil }) { lacking.insert(kind) }
        }
        if !lacking.isDisjoint(with: [.temperature, .pressure, .humidity]) { lacking.insert(.fields) }
        return lacking
    }

    private static let coefficients: [(BoschCases.Kind, (bme690: [StaticString], bme68x: [StaticString]))] = {
        let temperature: [StaticString] = ["par_t1", "par_t2", "par_t3"]
        let pressure: [StaticString] = [
            "par_p1", "par_p2", "par_p3", "par_p4", "par_p5", "par_p6", "par_p7", "par_p8", "par_p9", "par_p10",
        ]
        let humidity: [StaticString] = ["par_h1", "par_h2", "par_h3", "par_h4", "par_h5", "par_h6"]
        let heater: [StaticString] = ["par_g1", "par_g2", "par_g3", "res_heat_range", "res_heat_val"]
        return [
            (.temperature, (temperature, temperature)), (.pressure, (pressure + ["par_p11"], pressure)),
            (.humidity, (humidity, humidity + ["par_h7"])), (.heaterRegister, (heater, heater)),
        ]
    }()

    /// No coefficient has more than 16 bits.
    private static func coefficient(_ object: JSONValue, _ name: StaticString) -> Int? {
        object[name]?.int64.flatMap { (-65_536...65_536).contains($0) ? Int($0) : nil }
    }

    private static func number(_ object: JSONValue, _ name: StaticString) -> Int { coefficient(object, name) ?? 0 }

    static func heater(_ object: JSONValue) -> BoschHeater {
        BoschHeater(
            g1: number(object, "par_g1"), g2: number(object, "par_g2"), g3: number(object, "par_g3"),
            range: number(object, "res_heat_range"), value: number(object, "res_heat_val"))
    }

    private static func bme690(_ object: JSONValue) -> BME690Calibration {
        var made = BME690Calibration()
        (made.t1, made.t2, made.t3) = (number(object, "par_t1"), number(object, "par_t2"), number(object, "par_t3"))
        (made.p1, made.p2, made.p3) = (number(object, "par_p1"), number(object, "par_p2"), number(object, "par_p3"))
        (made.p4, made.p5, made.p6) = (number(object, "par_p4"), number(object, "par_p5"), number(object, "par_p6"))
        (made.p7, made.p8, made.p9) = (number(object, "par_p7"), number(object, "par_p8"), number(object, "par_p9"))
        (made.p10, made.p11) = (number(object, "par_p10"), number(object, "par_p11"))
        (made.h1, made.h2, made.h3) = (number(object, "par_h1"), number(object, "par_h2"), number(object, "par_h3"))
        (made.h4, made.h5, made.h6) = (number(object, "par_h4"), number(object, "par_h5"), number(object, "par_h6"))
        made.heater = heater(object)
        return made
    }

    private static func bme68x(_ object: JSONValue) -> BME68xCalibration {
        var made = BME68xCalibration()
        (made.t1, made.t2, made.t3) = (number(object, "par_t1"), number(object, "par_t2"), number(object, "par_t3"))
        (made.p1, made.p2, made.p3) = (number(object, "par_p1"), number(object, "par_p2"), number(object, "par_p3"))
        (made.p4, made.p5, made.p6) = (number(object, "par_p4"), number(object, "par_p5"), number(object, "par_p6"))
        (made.p7, made.p8, made.p9) = (number(object, "par_p7"), number(object, "par_p8"), number(object, "par_p9"))
        made.p10 = number(object, "par_p10")
        (made.h1, made.h2, made.h3) = (number(object, "par_h1"), number(object, "par_h2"), number(object, "par_h3"))
        (made.h4, made.h5, made.h6) = (number(object, "par_h4"), number(object, "par_h5"), number(object, "par_h6"))
        made.h7 = number(object, "par_h7")
        made.rangeSwitchingError = number(object, "range_sw_err")
        made.heater = heater(object)
        return made
    }
}

extension BoschVariant {
    /// From register 0xF0 as text: `0x02`.
    init?(hex: String) {
        guard hex.hasPrefix("0x"), let value = UInt8(hex.dropFirst(2), radix: 16) else { return nil }
        self.init(rawValue: value)
    }
}
