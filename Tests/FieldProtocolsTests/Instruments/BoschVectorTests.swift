import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct BoschVectorTests {
    private static func expectAgreement(
        of lines: [JSON], with vectors: JSON, _ kind: String, inputs: [String], result: String, within: Double
    ) throws {
        let printed = lines.filter { $0["kind"]?.string == kind }
        let cases = try #require(vectors[kind]?.array)
        try #require(printed.count == cases.count)
        for (line, expected) in zip(printed, cases) {
            for input in inputs { #expect(line[input] == expected[input]) }
            let value = try #require(line[result]?.double)
            let wanted = try #require(expected[result]?.double)
            #expect(abs(value - wanted) <= within * max(1, abs(wanted)), "\(expected.text)")
        }
    }

    @Test func everyCaseOfTheCompensationVectorIsReproduced() throws {
        let bytes = try Vectors.bytes("instruments/bme690-compensation.json")
        let vectors = try JSON(parsing: bytes)
        let (lines, isGood) = CaptureDecoderTests.decode(bytes, .bme690)
        #expect(isGood)
        try Self.expectAgreement(
            of: lines, with: vectors, "temperature", inputs: ["adc"], result: "deg_c", within: 1e-7)
        try Self.expectAgreement(
            of: lines, with: vectors, "pressure", inputs: ["adc", "deg_c"], result: "pa", within: 1e-7)
        try Self.expectAgreement(
            of: lines, with: vectors, "humidity", inputs: ["adc", "deg_c"], result: "rh", within: 1e-6)
        try Self.expectAgreement(
            of: lines, with: vectors, "gas_resistance", inputs: ["adc", "range"], result: "ohm", within: 1e-7)
        try Self.expectAgreement(
            of: lines, with: vectors, "heater_register", inputs: ["target_c"], result: "reg", within: 0)
        try Self.expectAgreement(
            of: lines, with: vectors, "gas_wait_register", inputs: ["ms"], result: "reg", within: 0)
    }

    /// As a zero it would give wrong values that look right.
    @Test func aCoefficientThatIsNotThereIsNeverTakenAsZero() throws {
        let vectors = try JSON(parsing: try Vectors.bytes("instruments/bme690-compensation.json"))
        let members = try #require(vectors["calibration"]?.members)
        for missing in members where missing.key != "amb_temp" {
            let rest = JSON.object(members.filter { $0.key != missing.key })
            let document = try #require(vectors.members).map {
                $0.key == "calibration" ? .init(key: $0.key, value: rest) : $0
            }
            let (lines, isGood) = CaptureDecoderTests.decode(JSON.object(document).bytes, .bme690)
            let kind =
                switch missing.key.dropLast(missing.key.last?.isNumber == true ? 1 : 0) {
                case "par_t": "temperature"
                case "par_h": "humidity"
                case "par_g", "res_heat_range", "res_heat_val": "heater_register"
                default: "pressure"
                }
            #expect(!isGood && !lines.contains { $0["kind"]?.string == kind }, "\(missing.key)")
            #expect(lines.count { $0["error"] == "missing_calibration" } == vectors[kind]?.count, "\(missing.key)")
        }
    }

    /// A BME680's calibration. What is expected was worked out with the integer formulas of the data sheet, which the code
    /// does not use.
    private static let bme680: JSON = [
        "variant": "BME680",
        "calibration": [
            "par_t1": 26203, "par_t2": 26519, "par_t3": 3, "par_p1": 35008, "par_p2": -10284, "par_p3": 88,
            "par_p4": 9692, "par_p5": -202, "par_p6": 30, "par_p7": 24, "par_p8": -4, "par_p9": -3469, "par_p10": 30,
            "par_h1": 794, "par_h2": 1007, "par_h3": 0, "par_h4": 45, "par_h5": 20, "par_h6": 120, "par_h7": -100,
            "range_sw_err": 3,
        ],
        "temperature": [["adc": 484_000]], "pressure": [["adc": 360_000, "deg_c": 20.4724]],
        "humidity": [["adc": 21_000, "deg_c": 20.4724]],
        "gas_resistance": [
            ["adc": 900, "range": 0], ["adc": 900, "range": 4], ["adc": 900, "range": 5], ["adc": 900, "range": 7],
            ["adc": 900, "range": 10], ["adc": 900, "range": 15],
        ],
    ]

    @Test func aBME680IsCompensatedByItsOwnFormulas() throws {
        let (lines, isGood) = CaptureDecoderTests.decode(Self.bme680.bytes, .bme68x)
        #expect(isGood)
        #expect(abs((lines[0]["deg_c"]?.double ?? 0) - 20.4723) < 0.01)
        #expect(abs((lines[1]["pa"]?.double ?? 0) - 94_545) < 5)
        #expect(abs((lines[2]["rh"]?.double ?? 0) - 41.21) < 0.05)
        for (line, ohm) in zip(lines.dropFirst(3), [6_219_162, 388_309, 192_565, 48_891, 6_071, 190.0]) {
            #expect(abs((line["ohm"]?.double ?? 0) / ohm - 1) < 0.005)
        }
    }

    @Test func registersOfOneVariantAreNeverReadAsAnother() throws {
        let (lines, isGood) = CaptureDecoderTests.decode(Self.bme680.bytes, .bme690)
        #expect(!isGood)
        #expect(lines == [["error": "variant_mismatch", "at": 0]])
        let calibration = BoschCalibration(
            try BoschRegisters(Array(repeating: 1, count: BoschRegisters.byteCount)), variant: .bme690)
        for variant in [BoschVariant.bme680, .bme688] {
            let bytes = [UInt8](repeating: 0, count: BoschField.byteCount)
            let field = try bytes.withUnsafeBytes { try BoschField($0, variant: variant) }
            #expect(throws: BoschError.variantMismatch) { try calibration.measurement(field) }
        }
    }

    /// The calibration of the vector as a BME690 holds it in its registers.
    private static func registers() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: BoschRegisters.byteCount)
        func put(_ value: Int, at position: Int, count: Int = 1) {
            for index in 0..<count { bytes[position + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
        }
        put(18840, at: 31, count: 2)
        put(19980, at: 0, count: 2)
        put(5, at: 2)
        put(8192, at: 10, count: 2)
        put(600, at: 12, count: 2)
        put(-4, at: 14)
        put(1, at: 15)
        put(20480, at: 4, count: 2)
        put(16000, at: 6, count: 2)
        put(3, at: 8)
        put(-1, at: 9)
        put(120, at: 18, count: 2)
        put(5, at: 20)
        put(-2, at: 21)
        bytes[23] = UInt8(160 >> 4)
        bytes[25] = UInt8(450 >> 4)
        bytes[24] = UInt8((160 & 0xF) << 4 | 450 & 0xF)
        put(-3, at: 26)
        put(10, at: 27)
        put(20, at: 28)
        put(12, at: 29)
        put(-30, at: 35)
        put(-4200, at: 33, count: 2)
        put(18, at: 36)
        put(38, at: 37)
        bytes[39] = 1 << 4
        return bytes
    }

    @Test func aFieldBlockIsCompensatedWithTheCalibrationRegisters() throws {
        let calibration = BoschCalibration(try BoschRegisters(Self.registers()), variant: .bme690)
        // New data, step 3, measurement 7; P 9,000,000, T 6,100,000, H 36,000, gas 900 of range 6, valid and stable.
        var block = [UInt8](repeating: 0, count: 17)
        block[0] = 0x83
        block[1] = 7
        (block[2], block[3], block[4]) = (0x89, 0x54, 0x40)
        (block[5], block[6], block[7]) = (0x5D, 0x14, 0x20)
        (block[8], block[9]) = (0x8C, 0xA0)
        (block[15], block[16]) = (UInt8(900 >> 2), UInt8((900 & 3) << 6) | 0x30 | 6)
        let field = try block.withUnsafeBytes { try BoschField($0, variant: .bme690) }
        #expect(field.isNew && field.gasIndex == 3 && field.measurementIndex == 7)
        let measurement = try calibration.measurement(field)
        #expect(abs(measurement.celsius - 23.790415) < 1e-5)
        #expect(abs(measurement.pascal - 100785.625) < 0.01)
        #expect(abs(measurement.humidityPercent - 17.710667) < 1e-5)
        #expect(measurement.gasOhm == 778_707.25)
        #expect(measurement.isHeaterStable)
        #expect(calibration.heater.register(target: 320, ambient: 25) == 122)
    }

    @Test func theFirstCoefficientOfThePressureHasNoSign() throws {
        var bytes = Self.registers()
        (bytes[10], bytes[11]) = (0, 0xC0)
        let calibration = BME690Calibration(try BoschRegisters(bytes))
        // It is added eight times.
        let more = Double(8 * (0xC000 - 8192))
        #expect(abs(calibration.pressure(9_000_000, at: 23.790415) - 100785.625 - more) < 0.1)
    }

    /// The manufacturer's routine does not cut either: what is out of bounds is judged where readings are.
    @Test func theHumidityOfABME690IsNotCut() throws {
        let calibration = BME690Calibration(try BoschRegisters(Self.registers()))
        #expect(abs(calibration.humidity(28_000, at: 25) + 1.945275) < 1e-5)
    }

    @Test func theOlderSensorsKeepTwentyBitsAndTheBME680ItsGasElsewhere() throws {
        var block = [UInt8](repeating: 0, count: 17)
        (block[2], block[3], block[4]) = (0x12, 0x34, 0x50)
        (block[5], block[6], block[7]) = (0x76, 0x54, 0x30)
        (block[13], block[14]) = (0x80, 0xC0 | 0x25)
        (block[15], block[16]) = (0x40, 0x19)
        let old = try block.withUnsafeBytes { try BoschField($0, variant: .bme680) }
        let new = try block.withUnsafeBytes { try BoschField($0, variant: .bme688) }
        #expect(old.pressure == 0x12345 && old.temperature == 0x76543)
        #expect(old.gas == 0x203 && old.gasRange == 5 && old.isGasValid)
        #expect(new.gas == 0x100 && new.gasRange == 9 && !new.isGasValid && new.isHeaterStable)
    }
}
