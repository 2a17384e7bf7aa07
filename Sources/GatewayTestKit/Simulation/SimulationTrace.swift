/// What happened in a simulation, as a number that tells two runs apart, and its last steps in words.
struct SimulationTrace {
    struct Step {
        var time: Int64
        var what: StaticString
        var first: Int64
        var second: Int64
    }

    private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    private(set) var count = 0
    private var ring: [Step] = []

    private static let lengthMax = 80

    mutating func note(_ time: Int64, _ what: StaticString, _ first: Int64 = 0, _ second: Int64 = 0) {
        let step = Step(time: time, what: what, first: first, second: second)
        mix(UInt64(bitPattern: time))
        for byte in UnsafeBufferPointer(start: what.utf8Start, count: what.utf8CodeUnitCount) { mix(UInt64(byte)) }
        mix(UInt64(bitPattern: first))
        mix(UInt64(bitPattern: second))
        if ring.count < Self.lengthMax { ring.append(step) } else { ring[count % Self.lengthMax] = step }
        count += 1
    }

    /// The last steps, oldest first, one a line.
    var lastSteps: String {
        let start = ring.count < Self.lengthMax ? 0 : count % Self.lengthMax
        let ordered = ring[start...] + ring[..<start]
        return ordered.map { "\($0.time) \($0.what) \($0.first) \($0.second)" }.joined(separator: "\n")
    }

    private mutating func mix(_ value: UInt64) { hash = (hash ^ value) &* 0x0000_0100_0000_01B3 }
}
