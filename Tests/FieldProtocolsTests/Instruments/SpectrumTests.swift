import GatewayModel
import GatewayTestKit
import JSONText
import Testing

@testable import FieldProtocols

@Suite struct SpectrumTests {
    @Test func theInspectionSheetOfTheVectorGivesItsWavelengths() throws {
        let bytes = try Vectors.bytes("instruments/c12880ma.json")
        let expected = try JSON(parsing: bytes)
        let (lines, isGood) = CaptureDecoderTests.decode(bytes, .c12880ma)
        #expect(isGood)
        #expect(lines.first?["monotonic"] == expected["monotonic"])
        #expect(lines.first?["pixels"] == expected["pixels"])
        for member in expected["wavelength_nm"]?.members ?? [] {
            #expect(lines.first?["wavelength_nm"]?[member.key] == member.value)
        }
        var options = CaptureDecoder.Options()
        options.pixelBase = 0
        let (fromZero, _) = CaptureDecoderTests.decode(bytes, .c12880ma, options)
        #expect(fromZero.first?["wavelength_nm"]?["0"] == 311.5)
    }

    private static func line(_ separator: String, _ counts: [Int]) -> [UInt8] {
        Array((counts.map(String.init).joined(separator: separator) + "\n").utf8)
    }

    @Test(arguments: [",", ", ", " ", "\t", ";"])
    func framesAreReadWhateverPartsTheirNumbers(separator: String) {
        let counts = (0..<288).map { $0 * 3 }
        var options = CaptureDecoder.Options()
        options.resolution = .ten
        options.coefficients = [311.5, 2.7, -0.0011, -7.9e-06, 9.4e-09, 4.8e-12]
        let (lines, isGood) = CaptureDecoderTests.decode(Self.line(separator, counts), .c12880ma, options)
        #expect(isGood)
        #expect(lines.first?["counts"] == .array(counts.map { .integer(Int64($0)) }))
        #expect(lines.first?["wavelength_nm"]?[0] == 314.1989)
        #expect(lines.first?["max_index"] == 287)
    }

    @Test func whatIsNoFrameHasItsError() {
        let good = (0..<288).map { _ in 500 }
        var options = CaptureDecoder.Options()
        options.resolution = .ten
        let full = good.dropLast() + [1_023]
        #expect(
            CaptureDecoderTests.decode(Self.line(",", Array(full)), .c12880ma, options).lines[0]["saturated"] == true)
        for (line, code) in [
            (Self.line(",", Array(good.dropLast())), "wrong_pixel_count"),
            (Self.line(",", good + [1]), "wrong_pixel_count"),
            (Self.line(",", good.dropLast() + [1_024]), "count_out_of_range"),
            (Self.line(",", good.dropLast() + [-1]), "count_out_of_range"), (Array("1,two,3\n".utf8), "bad_number"),
            (Array("1,,2\n".utf8), "bad_number"),
        ] {
            let (lines, isGood) = CaptureDecoderTests.decode(line, .c12880ma, options)
            #expect(!isGood)
            #expect(lines.first?["error"] == .string(code))
        }
        options.coefficients = [311.5, 2.7, -0.011]
        let (lines, _) = CaptureDecoderTests.decode(Self.line(",", good), .c12880ma, options)
        #expect(lines == [["error": "not_monotonic", "at": 0]])
    }

    @Test func namesAndWavelengthsAreEachOthersInverse() {
        for hundredths in [31_050, 33_702, 33_725, 33_730, 61_000, 90_004, 100_001] {
            let nanometres = Double(hundredths) / 100
            let text = SpectrumNames.text(nanometres: nanometres) ?? ""
            #expect(SpectrumChannel(metric: "spectrum." + text) == .counts(nanometres: nanometres))
            #expect(SpectrumChannel(metric: "spectrum.calibrated." + text) == .calibrated(nanometres: nanometres))
        }
        #expect(SpectrumNames.text(nanometres: 337.25) == "337_25" && SpectrumNames.text(nanometres: 337.2) == "337_2")
        #expect(SpectrumNames.text(nanometres: 610) == "610" && SpectrumNames.text(nanometres: .nan) == nil)
        #expect(SpectrumChannel(metric: "spectrum.gain") == .property("gain"))
        #expect(SpectrumChannel(metric: "spectrum.pixel_12") == .pixel(12))
        #expect(SpectrumChannel(metric: "bme_0.temperature") == nil)
    }

    @Test func aSpectrumIsStoredInTheOrderOfWavelength() throws {
        let axis = try #require(SpectrumAxis(wavelengths: AS726xSensor.as7265x.wavelengths, hasCalibrated: true))
        var spectrum = Spectrum()
        spectrum.counts = AS726xSensor.as7265x.wavelengths
        spectrum.fullScale = 940
        spectrum.temperatures = [29, 31, 30]
        var batch = ObservationBatch()
        let isAdded = axis.append(spectrum, to: &batch)
        #expect(isAdded)
        let names = batch.readings.map(\.metric.text)
        #expect(Array(names.prefix(3)) == ["spectrum.410", "spectrum.435", "spectrum.460"])
        #expect(batch.readings.prefix(18).map(\.value) == AS726xSensor.as7265x.wavelengths.sorted().map { .number($0) })
        #expect(Set(["spectrum.saturated", "spectrum.dark", "spectrum.temperature_3"]).isSubset(of: names))
        spectrum.counts.removeLast()
        let isOtherAdded = axis.append(spectrum, to: &batch)
        #expect(!isOtherAdded)
    }

    @Test func instrumentsBeyondTheRoomForWavelengthsAreNamedByPixel() throws {
        let polynomial = try #require(WavelengthPolynomial(coefficients: [311.5, 2.7, -0.0011], base: 1))
        let axis = try #require(SpectrumAxis(byPixel: polynomial, polynomial.wavelengths(count: 288)))
        #expect(axis.isNamedByPixel)
        var spectrum = Spectrum()
        spectrum.counts = Array(repeating: 7, count: 288)
        var batch = ObservationBatch()
        let isAdded = axis.append(spectrum, to: &batch)
        #expect(isAdded)
        #expect(batch.readings[0].metric.text == "spectrum.pixel_1")
        let coefficients = batch.readings.filter { $0.metric.text.hasPrefix("spectrum.coefficient_") }
        #expect(coefficients.map(\.value) == [.number(311.5), .number(2.7), .number(-0.0011)])
    }

    @Test func aDarkFrameIsTakenOff() {
        var spectrum = Spectrum()
        spectrum.counts = [10, 20]
        let isTaken = spectrum.subtract([1, 2])
        #expect(isTaken)
        #expect(spectrum.counts == [9, 18] && spectrum.dark == .subtracted)
        let isOther = spectrum.subtract([1])
        #expect(!isOther)
    }
}
