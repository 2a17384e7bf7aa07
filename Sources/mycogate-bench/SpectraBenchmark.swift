import FieldProtocols
import GatewayModel
import GatewayTestKit
import Journal

/// What spectra cost on disk.
enum SpectraBenchmark {
    static let benchmark = Benchmark(name: "spectra") {
        try [
            result("STS, 1,024 channels", wavelengths: STSAxis.wavelengths, countMax: 16_383, bytesMax: 4_600),
            result("C12880MA, 288 channels", wavelengths: LineSensorAxis.wavelengths, countMax: 1_023, bytesMax: 900),
        ]
    }

    private static func result(
        _ name: String, wavelengths: [Double], countMax: Int, bytesMax: Double
    ) throws -> BenchResult {
        guard let axis = SpectrumAxis(wavelengths: wavelengths), let device = DeviceID("spectrometer"),
            let sender = DeviceName(device)
        else { throw BenchError("the axis has no names") }
        let folder = try TemporaryFolder("bench-spectra")
        let journal = try JournalFolder.open(folder.path, clock: VirtualClock(), segmentSize: 2 << 20)
        var random = SeededRandom(seed: 3)
        var spectrum = Spectrum()
        spectrum.integration = 100
        spectrum.fullScale = Double(countMax)
        let spectra = 4_000_000 / wavelengths.count
        var batch = ObservationBatch()
        for index in 0..<spectra {
            spectrum.counts = wavelengths.indices.map { pixel in
                let distance = Double(pixel - wavelengths.count / 2) / 60
                let value = Double(countMax) * (0.1 + 0.6 / (1 + distance * distance))
                return (value + Double(random.integer(in: -20...20))).rounded()
            }
            guard axis.append(spectrum, to: &batch) else { throw BenchError("the spectrum has other channels") }
            let at = ReceiveTime(
                wall: Timestamp(milliseconds: 1_780_000_000_000 + Int64(index) * 10_000, trusted: true),
                monotonicMilliseconds: Int64(index) * 10_000)
            batch.append(Observation(device: sender, received: at, source: .serial))
            if batch.count == 100 {
                _ = try journal.append(batch)
                batch.removeAll()
            }
        }
        journal.close()
        let segments = try File.names(in: folder.file("journal/readings")).filter { $0.hasSuffix(".db") }
        guard let newest = segments.last.flatMap({ Int64($0.dropLast(3)) }), segments.count > 1 else {
            throw BenchError("no segment was sealed")
        }
        let sealed = Measure.byteCount(of: folder.file("journal/readings"), among: segments.dropLast())
        let bytes = Double(sealed) / Double(newest - 1)
        return BenchResult(
            figure: "\(name): \(Measure.text(bytes, digits: 0)) bytes a spectrum",
            budget: "≤ \(Measure.text(bytesMax, digits: 0))",
            detail: "\(Measure.text(bytes / Double(wavelengths.count))) bytes a channel, \(spectra) spectra",
            isKept: bytes <= bytesMax)
    }
}

private enum STSAxis {
    static let wavelengths =
        WavelengthPolynomial(coefficients: [337.0215, 0.4609331, -1.83e-05, -1.02e-09], base: 0)?
        .wavelengths(count: 1_024) ?? []
}

private enum LineSensorAxis {
    static let wavelengths =
        WavelengthPolynomial(coefficients: [311.5, 2.7, -0.0011, -7.9e-06, 9.4e-09, 4.8e-12], base: 1)?
        .wavelengths(count: 288) ?? []
}
