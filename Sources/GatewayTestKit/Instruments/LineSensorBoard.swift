/// A board with a C12880MA that prints frames by itself.
public struct LineSensorBoard: BoardFirmware {
    public var interval: Duration
    /// Frames cut in the middle.
    public var cut: Double
    private var random: SeededRandom

    public init(interval: Duration = .milliseconds(500), cut: Double = 0, seed: UInt64 = 1) {
        self.interval = interval
        self.cut = cut
        random = SeededRandom(seed: seed)
    }

    /// Greets once.
    public mutating func boot() -> [BoardOutput] { [BoardOutput(.talk, Array("C12880MA ready\r\n".utf8))] }

    /// It takes no commands.
    public mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput] { [] }

    /// One frame of 10-bit counts.
    public mutating func measure(uptime: Duration) -> [BoardOutput] {
        let counts = (0..<288).map { String(90 + $0 % 100 + random.integer(in: 0...4)) }
        let line = Array(counts.joined(separator: ",").utf8)
        if random.chance(cut) {
            return [BoardOutput(.corrupted(seq: nil), Array(line.prefix(line.count / 2)) + [0x0D, 0x0A])]
        }
        return [BoardOutput(.telemetry(seq: nil), line + [0x0D, 0x0A])]
    }
}
