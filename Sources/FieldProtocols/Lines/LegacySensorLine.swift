internal import GatewayModel

/// A sensor line for people: `AMB addr=0x77 age=18ms T=20.52C RH=40.31% P=1011.71hPa(raw=…) Gas=48321Ohm IAQ=50.00 …`.
struct LegacySensorLine {
    private let line: ByteText

    init(_ line: ByteText) { self.line = line }

    /// Whether one of the values is `nan`, `inf` or `ovf`, as C prints them.
    var hasNaN: Bool {
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
            while end < bytes.count, bytes[end] != 0x20, bytes[end] != 0x09 {
                if equals < 0, bytes[end] == UInt8(ascii: "=") { equals = end }
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
        switch key.bytes.count {
        case 1: key.isEqual("T") ? .temperature : key.isEqual("P") ? .pressure : nil
        case 2: key.isEqual("RH") ? .humidity : nil
        case 3:
            if key.isEqual("Gas") {
                .gasResistance
            } else if key.isEqual("IAQ") {
                .iaq
            } else if key.isEqual("acc") {
                .iaqAccuracy
            } else if key.isEqual("VOC") {
                .vocEquivalent
            } else {
                nil
            }
        case 4: key.isEqual("sIAQ") ? .staticIAQ : nil
        case 5: key.isEqual("CO2eq") ? .co2Equivalent : nil
        default: nil
        }
    }
}
