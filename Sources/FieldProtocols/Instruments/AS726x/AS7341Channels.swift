public import GatewayModel
public import JSONText

/// The AS7341, which has no serial line of its own and reaches us through boards, as an object of its channels.
public enum AS7341Channels {
    /// The filters with their centres in nm.
    private static let filters: [(name: String, nanometres: Double)] = [
        ("f1", 415), ("f2", 445), ("f3", 480), ("f4", 515), ("f5", 555), ("f6", 590), ("f7", 630), ("f8", 680),
        ("nir", 910),
    ]

    /// The member of a board's telemetry, on whatever way it comes, that holds such an object.
    static let key: StaticString = "as7341"

    /// Of a sensor with all its channels.
    private static let wholeAxis = SpectrumAxis(wavelengths: filters.map(\.nanometres))

    /// Adds the spectrum that `object` holds to the observation being built; nothing if it holds none.
    public static func append(_ object: JSONValue, to batch: inout ObservationBatch) {
        guard let (wavelengths, spectrum) = read(object) else { return }
        let axis = wavelengths == wholeAxis?.wavelengths ? wholeAxis : SpectrumAxis(wavelengths: wavelengths)
        _ = axis?.append(spectrum, to: &batch)
    }

    /// Milliseconds of one measurement, of two passes: the sensor has six converters for ten channels.
    public static func integrationMilliseconds(time: Int, step: Int) -> Double {
        Double(time + 1) * Double(step + 1) * 0.00278
    }

    /// Counts at which a channel is full.
    public static func fullScale(time: Int, step: Int) -> Double {
        min(Double(time + 1) * Double(step + 1), 65_535)
    }

    /// The factor of a gain's code, 0…10: 0.5 to 512.
    public static func gain(code: Int) -> Double? { (0...10).contains(code) ? Double(1 << code) / 2 : nil }

    /// The axis, ascending, and the spectrum of an object with `F1`…`F8`, `NIR`, `CLEAR` in upper or lower case, `gain` as code,
    /// `atime`, `astep`, `temperature`. Nil if it holds no channel.
    public static func read(_ object: JSONValue) -> (wavelengths: [Double], spectrum: Spectrum)? {
        var spectrum = Spectrum()
        var counts = [Double?](repeating: nil, count: filters.count)
        var time: Int?
        var step: Int?
        object.forEachMember { key, value in
            guard key.count <= 16, let number = value.double else { return }
            let name = String(decoding: key, as: UTF8.self).lowercased()
            if let position = filters.firstIndex(where: { $0.name == name }) {
                if counts[position] == nil { counts[position] = number }
                return
            }
            switch name {
            case "clear": spectrum.clear = number
            case "gain": spectrum.gain = value.int64.flatMap { Int(exactly: $0) }.flatMap { gain(code: $0) }
            case "atime": time = value.int64.flatMap { (0...255).contains($0) ? Int($0) : nil }
            case "astep": step = value.int64.flatMap { (0...65_534).contains($0) ? Int($0) : nil }
            case "temperature": spectrum.temperatures = [number]
            default: break
            }
        }
        spectrum.counts = counts.compactMap { $0 }
        guard !spectrum.counts.isEmpty else { return nil }
        if let time, let step {
            spectrum.integration = integrationMilliseconds(time: time, step: step)
            spectrum.fullScale = fullScale(time: time, step: step)
        }
        return (zip(filters, counts).compactMap { $1 == nil ? nil : $0.nanometres }, spectrum)
    }
}
