internal import GatewayModel

/// A sensor line for people: `AMB addr=0x77 age=18ms T=20.52C RH=40.31% P=1011.71hPa(raw=…) Gas=48321Ohm IAQ=50.00 …`.
struct LegacySensorLine {
    private let line: ByteText

    init(_ line: ByteText) { self.line = line }

    private static let fields: [(StaticString, BME688Field)] = [
        ("T=", .temperature), ("RH=", .humidity), ("P=", .pressure), ("Gas=", .gasResistance), ("IAQ=", .iaq),
        ("acc=", .iaqAccuracy), ("sIAQ=", .staticIAQ), ("CO2eq=", .co2Equivalent), ("VOC=", .vocEquivalent),
    ]

    /// Whether one of the values is `nan`, `inf` or `ovf`, as C prints them.
    var hasNaN: Bool {
        Self.fields.contains { key, _ in
            guard let word = line.word(after: key) else { return false }
            return word.hasPrefix("nan") || word.hasPrefix("-nan") || word.hasPrefix("inf") || word.hasPrefix("ovf")
        }
    }

    private var slot: BME688Slot { line.hasPrefix("ENV") ? .b : .a }

    func appendReadings(to batch: inout ObservationBatch) {
        for (key, field) in Self.fields {
            guard let value = line.word(after: key)?.leadingNumber else { continue }
            batch.append(field.reading(slot, value))
        }
    }
}

extension BME688Field {
    /// Firmware guesses the unit of pressure by magnitude: outside this range the guess was wrong (reference, 1.9).
    private static let plausiblePressure = 300.0...1100.0

    func reading(_ slot: BME688Slot, _ value: Double) -> Reading {
        let isDoubtful = self == .pressure && !Self.plausiblePressure.contains(value)
        return Reading(metric(slot), .number(value), unit: unit, quality: isDoubtful ? .warn : .ok)
    }
}
