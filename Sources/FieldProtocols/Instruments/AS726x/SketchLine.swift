/// Lines that the example sketches of SparkFun print in place of AT answers: a header of letters, then lists of values;
/// or for the small sensors `Reading: R[1.0] S[2.0] … tempF[75.2]`.
public struct SketchLine: Sendable {
    /// A line with values.
    public struct Values: Sendable, Equatable {
        public var sensor: AS726xSensor
        /// Calibrated, in the order of the sensor's channels.
        public var values: [Double]
        public var celsius: Double?
    }

    /// The header said in which order the values come: for each, its place among the channels of an AS7265x.
    private var places: [Int]

    /// Sketches print in the order of wavelength unless their header tells another one.
    public init() { places = Self.places(of: "ABCDEFGHRISJTUVWKL") ?? [] }

    /// Reads a line without its end; nil if it is neither of these, or a header.
    public mutating func read(_ line: UnsafeRawBufferPointer) -> Values? {
        guard let first = line.first(where: { $0 != 0x20 }) else { return nil }
        if first == UInt8(ascii: "R") || first == UInt8(ascii: "V") { return named(line) ?? header(line) }
        if first >= UInt8(ascii: "A"), first <= UInt8(ascii: "W") { return header(line) }
        var values: [Double] = []
        guard (try? ChannelList.read(line, into: &values, countMax: 18)) != nil,  // another line is no error
            values.count == 18, line.contains(UInt8(ascii: ","))
        else { return nil }
        var sorted = values
        for (value, place) in zip(values, places) { sorted[place] = value }
        return Values(sensor: .as7265x, values: sorted, celsius: nil)
    }

    private mutating func header(_ line: UnsafeRawBufferPointer) -> Values? {
        let letters = String(decoding: line, as: UTF8.self).filter { $0 != "," && !$0.isWhitespace }
        if let places = Self.places(of: letters) { self.places = places }
        return nil
    }

    private static func places(of letters: String) -> [Int]? {
        let channels = AS726xSensor.as7265x.channels
        let places = letters.compactMap { letter in channels.firstIndex { $0.letter == letter } }
        return letters.count == 18 && Set(places).count == 18 ? places : nil
    }

    /// `Reading: V[12.5] B[…] … tempF[75.2]`, with or without the word.
    private func named(_ line: UnsafeRawBufferPointer) -> Values? {
        let text = String(decoding: line, as: UTF8.self)
        guard text.utf8.count <= AS726xReply.lineByteCountMax, text.utf8.contains(UInt8(ascii: "[")) else { return nil }
        var found: [String: Double] = [:]
        for item in text.split(separator: "]") {
            guard let open = item.lastIndex(of: "[") else { continue }
            let name = item[..<open].split { $0 == " " || $0 == ":" }.last.map(String.init) ?? ""
            guard let value = Double(item[item.index(after: open)...]), value.isFinite else { return nil }
            found[name] = value
        }
        for sensor in [AS726xSensor.as7262, .as7263] {
            let values = sensor.channels.compactMap { found[String($0.letter)] }
            guard values.count == 6 else { continue }
            let celsius = found["tempC"] ?? found["tempF"].map { ($0 - 32) / 1.8 }
            return Values(sensor: sensor, values: values, celsius: celsius)
        }
        return nil
    }
}
