/// How often a simulated board misbehaves as real ones do; each is the probability for one telemetry message.
public struct BoardFaults: Sendable {
    /// Text without a delimiter glued in front of a frame or line.
    public var gluedText: Double
    /// A message that is numbered but never sent.
    public var dropped: Double
    /// A flipped bit on the wire.
    public var corrupted: Double
    /// A sensor that was not read: keys absent or null.
    public var absentSensor: Double

    /// A board without faults unless told otherwise.
    public init(gluedText: Double = 0, dropped: Double = 0, corrupted: Double = 0, absentSensor: Double = 0) {
        self.gluedText = gluedText
        self.dropped = dropped
        self.corrupted = corrupted
        self.absentSensor = absentSensor
    }

    /// About as bad as a bench with long cables.
    public static let usual = BoardFaults(gluedText: 0.1, dropped: 0.01, corrupted: 0.01, absentSensor: 0.05)

    /// What a damaged message becomes: the same bytes with one bit of one byte flipped, never a delimiter made or lost.
    static func flipped(_ bytes: [UInt8], using random: inout SeededRandom) -> [UInt8] {
        var flipped = bytes
        guard flipped.count > 8 else { return flipped }
        let start = random.integer(in: 1...(flipped.count - 4))
        // Bit 6 turns a byte into a delimiter only if it was 0x40, and a delimiter is never touched.
        let at = flipped[start...].firstIndex { $0 != 0x40 && $0 != 0x00 }
        if let at { flipped[at] ^= 0x40 }
        return flipped
    }
}
