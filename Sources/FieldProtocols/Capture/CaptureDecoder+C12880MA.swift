internal import JSONText

extension CaptureDecoder {
    /// Frames, one a line; or an inspection sheet as a JSON object, of which the wavelengths are calculated.
    mutating func decodeC12880MA(_ bytes: UnsafeRawBufferPointer) {
        if bytes.first(where: { $0 > 0x20 }) == UInt8(ascii: "{") { return decodeInspectionSheet(bytes) }
        var axis: [Double] = []
        if let coefficients = options.coefficients {
            guard let polynomial = WavelengthPolynomial(coefficients: coefficients, base: options.pixelBase) else {
                return fail(C12880MAFrame.Failure.badCoefficients.code, at: 0)
            }
            guard polynomial.isMonotonic(count: C12880MAFrame.pixelCount) else {
                return fail(C12880MAFrame.Failure.notMonotonic.code, at: 0)
            }
            axis = polynomial.wavelengths(count: C12880MAFrame.pixelCount)
        }
        var start = 0
        var number = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            number += 1
            let line = ByteText(UnsafeRawBufferPointer(rebasing: bytes[start..<end])).trimmed
            let isText = line.bytes.contains { !TextScan.isEndOfLine($0) }
            if isText, line.bytes.first != UInt8(ascii: "#") { decodeFrame(line.bytes, number, at: start, axis) }
            start = end + 1
        }
        if number == 0 { fail(C12880MAFrame.Failure.wrongPixelCount.code, at: 0) }
    }

    private mutating func decodeFrame(
        _ line: UnsafeRawBufferPointer, _ number: Int, at start: Int, _ axis: [Double]
    ) {
        var counts: [Double] = []
        var offset = 0
        do throws(C12880MAFrame.Failure) {
            try C12880MAFrame.read(line, resolution: options.resolution, into: &counts, failedAt: &offset)
        } catch {
            return fail(error.code, at: start + offset) { writer in
                writer.key("line")
                writer.integer(number)
            }
        }
        let highest = counts.max() ?? 0
        print { writer in
            writer.key("line")
            writer.integer(number)
            writer.key("pixels")
            writer.integer(counts.count)
            writer.key("bits")
            writer.integer(options.resolution.rawValue)
            writer.key("max")
            writer.shortNumber(highest)
            writer.key("max_index")
            writer.integer(counts.firstIndex(of: highest) ?? 0)
            writer.key("saturated")
            writer.bool(highest >= options.resolution.fullScale)
            writer.key("counts")
            Self.writeNumbers(counts[...], &writer)
            guard !axis.isEmpty else { return }
            writer.key("wavelength_nm")
            Self.writeNumbers(axis.map(Self.rounded)[...], &writer)
        }
    }

    /// Four decimals, as the sheets give.
    private static func rounded(_ nanometres: Double) -> Double { (nanometres * 10_000).rounded() / 10_000 }

    /// `{"coefficients": {"A0": …, "B1": …} or […], "base": 0 or 1, "pixels": 288}`.
    private mutating func decodeInspectionSheet(_ bytes: UnsafeRawBufferPointer) {
        let sheet: JSONValue
        do throws(JSONError) { sheet = try parser.parse(bytes) } catch { return fail(error.code, at: 0) }
        var coefficients: [Double] = []
        sheet["coefficients"]?.forEachElement { if let value = $0.double { coefficients.append(value) } }
        if coefficients.isEmpty, let named = sheet["coefficients"] {
            let names = ["A0", "B1", "B2", "B3", "B4", "B5"]
            coefficients = names.compactMap { named[computed: $0]?.double }
        }
        let base = sheet["base"]?.int64.flatMap { Int(exactly: $0) } ?? options.pixelBase
        let count = sheet["pixels"]?.int64.flatMap { Int(exactly: $0) } ?? C12880MAFrame.pixelCount
        guard let polynomial = WavelengthPolynomial(coefficients: coefficients, base: base),
            (2...SpectrumAxis.channelCountMax).contains(count)
        else { return fail(C12880MAFrame.Failure.badCoefficients.code, at: 0) }
        let isMonotonic = polynomial.isMonotonic(count: count)
        let wavelengths = polynomial.wavelengths(count: count)
        if !isMonotonic { markFailed() }
        print { writer in
            writer.key("pixels")
            writer.integer(count)
            writer.key("base")
            writer.integer(base)
            writer.key("monotonic")
            writer.bool(isMonotonic)
            writer.key("wavelength_nm")
            writer.beginObject()
            for (index, nanometres) in wavelengths.enumerated() {
                writer.key(String(base + index))
                writer.shortNumber(Self.rounded(nanometres))
            }
            writer.endObject()
            if !isMonotonic { Self.write(C12880MAFrame.Failure.notMonotonic.code, at: 0, &writer) }
        }
    }
}
