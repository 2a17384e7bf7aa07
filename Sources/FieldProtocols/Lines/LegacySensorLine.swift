internal import GatewayModel

/// A sensor line for people: `AMB addr=0x77 age=18ms T=20.52C RH=40.31% P=1011.71hPa(raw=…) Gas=48321Ohm IAQ=50.00 …`.
struct LegacySensorLine {
    private let line: ByteText

    init(_ line: ByteText) { self.line = line }

    /// Whether one of the values is `nan`, `inf` or `ovf`, as C prints them.
    var hasNaN: Bool {
        // Nearly all are numbers.
        guard holdsWord else { return false }
        var hasNaN = false
        forEachField { _, word in
            if word.hasPrefix("nan") || word.hasPrefix("-nan") || word.hasPrefix("inf") || word.hasPrefix("-inf")
                || word.hasPrefix("ovf")
            {
                hasNaN = true
            }
        }
        return hasNaN
    }

    /// Whether anything begins with a letter or a sign behind its `=`.
    private var holdsWord: Bool {
        var previous: UInt8 = 0
        for byte in line.bytes {
            if previous == UInt8(ascii: "="), byte > UInt8(ascii: "9") || byte == UInt8(ascii: "-") { return true }
            previous = byte
        }
        return false
    }

    private var slot: BME688Slot { line.hasPrefix("ENV") ? .b : .a }

    func appendReadings(to batch: inout ObservationBatch) {
        let slot = slot
        forEachField { field, word in
            if let value = word.leadingNumber { batch.append(field.reading(slot, value)) }
        }
    }

    /// Each field once, in the order of the line, with what stands behind its `=`.
    private func forEachField(_ body: (BME688Field, ByteText) -> Void) {
        let bytes = line.bytes
        var seen: UInt32 = 0
        var start = 0
        while start < bytes.count {
            var end = start
            var equals = -1
            while end < bytes.count {
                let byte = bytes[end]
                if byte == 0x20 || byte == 0x09 { break }
                if byte == UInt8(ascii: "="), equals < 0 { equals = end }
                end += 1
            }
            if equals > start, let field = Self.field(line[start..<equals]) {
                let bit: UInt32 = 1 << field.rawValue
                if seen & bit == 0 { body(field, line[(equals + 1)..<end]) }
                seen |= bit
            }
            start = end + 1
        }
    }

    private static func field(_ key: ByteText) -> BME688Field? {
        switch ByteKey(key.bytes.bindMemory(to: UInt8.self)) {
        case "T": .temperature
        case "P": .pressure
        case "RH": .humidity
        case "Gas": .gasResistance
        case "IAQ": .iaq
        case "acc": .iaqAccuracy
        case "VOC": .vocEquivalent
        case "sIAQ": .staticIAQ
        case "CO2eq": .co2Equivalent
        default: nil
        }
    }
}
