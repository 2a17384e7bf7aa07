internal import JSONText

extension CaptureDecoder {
    /// Objects of channels as boards send them, one a line.
    mutating func decodeAS7341(_ bytes: UnsafeRawBufferPointer) {
        var start = 0
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
            let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if line.contains(where: { $0 > 0x20 }) { decodeAS7341Line(line, at: start) }
            start = end + 1
        }
        if bytes.isEmpty { fail("no_channels", at: 0) }
    }

    private mutating func decodeAS7341Line(_ line: UnsafeRawBufferPointer, at offset: Int) {
        let object: JSONValue
        do throws(JSONError) { object = try parser.parse(line) } catch { return fail(error.code, at: offset) }
        guard let (wavelengths, spectrum) = AS7341Channels.read(object[AS7341Channels.key] ?? object) else {
            return fail("no_channels", at: offset)
        }
        print { writer in
            writer.key("sorted_by_nm")
            writer.beginArray()
            for (nanometres, count) in zip(wavelengths, spectrum.counts) {
                writer.beginArray()
                writer.shortNumber(nanometres)
                writer.shortNumber(count)
                writer.endArray()
            }
            writer.endArray()
            func member(_ name: String, _ value: Double?) {
                guard let value else { return }
                writer.key(name)
                writer.shortNumber(value)
            }
            member("clear", spectrum.clear)
            member("gain", spectrum.gain)
            member("integration_ms", spectrum.integration)
            member("full_scale", spectrum.fullScale)
            if let isSaturated = spectrum.isSaturated {
                writer.key("saturated")
                writer.bool(isSaturated)
            }
        }
    }
}
