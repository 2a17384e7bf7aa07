internal import FieldProtocols

/// An AS7265x, AS7263 or AS7262 in its UART mode: answers AT commands, measures when asked.
public struct SpectralTriad: BoardFirmware {
    /// Which sensor it plays.
    public let sensor: AS726xSensorKind
    /// Answers that are lost, as a cable with a bad contact loses them.
    public var silence: Double
    /// Text without an end in front of an answer.
    public var noise: Double
    /// Set by the host.
    public private(set) var steps = 20
    public private(set) var gain = 3
    public private(set) var lamps: Set<Int> = []
    public var interval: Duration { .seconds(3_600) }
    private var random: SeededRandom
    private var input: [UInt8] = []

    /// The sensors it can play.
    public enum AS726xSensorKind: Sendable { case as7262, as7263, as7265x }

    public init(_ sensor: AS726xSensorKind = .as7265x, silence: Double = 0, noise: Double = 0, seed: UInt64 = 1) {
        self.sensor = sensor
        self.silence = silence
        self.noise = noise
        random = SeededRandom(seed: seed)
    }

    /// The counts of a channel are its place on the wire times this, at every gain.
    public static let countStep = 10

    /// Says nothing until it is asked.
    public mutating func boot() -> [BoardOutput] {
        input = []
        return []
    }

    /// It measures on demand only.
    public mutating func measure(uptime: Duration) -> [BoardOutput] { [] }

    /// Answers each line, ended by LF, CR or both.
    public mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput] {
        var output: [BoardOutput] = []
        for byte in bytes {
            if byte == 0x0A || byte == 0x0D {
                if !input.isEmpty { output += answer(to: String(decoding: input, as: UTF8.self)) }
                input = []
            } else if input.count < 64 {
                input.append(byte)
            }
        }
        return output
    }

    private mutating func answer(to command: String) -> [BoardOutput] {
        let text = reply(command)
        if random.chance(silence) { return [] }
        var bytes = Array((text + "\n").utf8)
        if random.chance(noise) { bytes = random.bytes(12).filter { $0 != 0x0A && $0 != 0x0D } + [0x0A] + bytes }
        let isSpectrum = command == "ATDATA" || command == "ATCDATA"
        return [BoardOutput(isSpectrum ? .telemetry(seq: nil) : .talk, bytes)]
    }

    private var count: Int { sensor == .as7265x ? 18 : 6 }

    private mutating func reply(_ command: String) -> String {
        let parts = command.split(separator: "=", maxSplits: 1).map(String.init)
        let value = parts.count == 2 ? Int(parts[1]) : nil
        switch parts.first {
        case "AT": return "OK"
        case "ATVERSW": return "12.1.0 OK"
        case "ATVERHW": return "\(sensor == .as7265x ? 65 : sensor == .as7263 ? 63 : 62) OK"
        case "ATTEMP": return sensor == .as7265x ? "29, 31, 30 OK" : "28 OK"
        case "ATDATA": return values { $0 * Self.countStep }
        case "ATCDATA": return values { "\(Double($0) + 0.5)" }
        case "ATINTTIME": return set(value, in: 1...255, \.steps)
        case "ATGAIN": return set(value, in: 0...3, \.gain)
        default: return setLamp(parts.first ?? "", value)
        }
    }

    private func values(_ value: (Int) -> Any) -> String {
        (1...count).map { "\(value($0))" }.joined(separator: ", ") + " OK"
    }

    private mutating func set(
        _ value: Int?, in range: ClosedRange<Int>, _ setting: WritableKeyPath<SpectralTriad, Int>
    ) -> String {
        guard let value else { return "\(self[keyPath: setting]) OK" }
        guard range.contains(value) else { return "ERROR" }
        self[keyPath: setting] = value
        return "OK"
    }

    private mutating func setLamp(_ name: String, _ value: Int?) -> String {
        guard name.hasPrefix("ATLED"), let line = Int(name.dropFirst(5)), [0, 1, 3, 5].contains(line), let value else {
            return "ERROR"
        }
        if value == 0 { lamps.remove(line) } else { lamps.insert(line) }
        return "OK"
    }
}
