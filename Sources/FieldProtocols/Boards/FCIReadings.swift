internal import GatewayModel
internal import JSONText

/// The readings of a fungal computer interface: its text lines and its own envelope (reference, section 9.1).
enum FCIReadings {
    private static let microvolt = Unit(known: "uV")
    private static let hertz = Unit(known: "Hz")
    private static let amplitude = MetricName(known: "fci.amplitude")
    private static let frequency = MetricName(known: "fci.dominant_frequency")
    private static let pattern = MetricName(known: "fci.pattern")
    private static let confidence = MetricName(known: "fci.pattern_confidence")

    private static let bioelectric: [(StaticString, MetricName, Unit)] = [
        ("amplitude_uv", amplitude, microvolt), ("rms_uv", MetricName(known: "fci.rms"), microvolt),
        ("mean_uv", MetricName(known: "fci.mean"), microvolt), ("std_uv", MetricName(known: "fci.std"), microvolt),
        ("dominant_freq_hz", frequency, hertz), ("total_power", MetricName(known: "fci.total_power"), .none),
        ("snr_db", MetricName(known: "fci.snr"), Unit(known: "dB")),
        ("sample_count", MetricName(known: "fci.sample_count"), .one),
    ]

    /// `[BIO] Amp: 0.74 µV | Freq: 1.50 Hz | Pattern: growth (98%)`.
    static func bio(_ line: ByteText, to batch: inout ObservationBatch) {
        if let value = value(after: "Amp:", in: line)?.leadingNumber {
            batch.append(Reading(amplitude, .number(value), unit: microvolt))
        }
        if let value = value(after: "Freq:", in: line)?.leadingNumber {
            batch.append(Reading(frequency, .number(value), unit: hertz))
        }
        guard let words = value(after: "Pattern:", in: line) else { return }
        let end = words.firstIndex(of: "(") ?? words.bytes.count
        let name = words[0..<end].trimmed.string
        if !name.isEmpty { batch.append(Reading(pattern, .text(name))) }
        if end < words.bytes.count, let percent = words[(end + 1)..<words.bytes.count].leadingNumber {
            batch.append(Reading(confidence, .number(percent), unit: .percent))
        }
    }

    /// `[CAL] Baseline: 0.02 µV, Noise floor: 0.35 µV RMS`.
    static func calibration(_ line: ByteText, to batch: inout ObservationBatch) {
        if let value = value(after: "Baseline:", in: line)?.leadingNumber {
            batch.append(Reading(MetricName(known: "fci.baseline"), .number(value), unit: microvolt))
        }
        if let value = value(after: "Noise floor:", in: line)?.leadingNumber {
            batch.append(Reading(MetricName(known: "fci.noise_floor"), .number(value), unit: microvolt))
        }
    }

    /// Whether an object is the envelope that the device posts. Its timestamp is a fake date and is not read.
    static func isEnvelope(_ object: JSONValue) -> Bool { object["payload"]?["bioelectric"]?.isObject == true }

    static func envelope(_ object: JSONValue, to batch: inout ObservationBatch) {
        guard let payload = object["payload"] else { return }
        if let signal = payload["bioelectric"] {
            for (key, metric, unit) in bioelectric { number(signal[key], metric, unit, to: &batch) }
            if let name = signal["pattern"]?.utf8, name.count <= TelemetryDecoder.textByteCountMax {
                batch.append(Reading(pattern, .text(String(decoding: name, as: UTF8.self))))
            }
            // A fraction here, a percentage in the line for people.
            number(signal["pattern_confidence"], confidence, .percent, times: 100, to: &batch)
        }
        environment(payload["environment"], to: &batch)
        status(payload["status"], to: &batch)
    }

    /// Milliseconds since the device booted; nil if its envelope does not tell.
    static func uptime(_ object: JSONValue) -> Int64? {
        (object["payload"]?["status"]?["uptime_ms"]).flatMap { MessageFacts.duration($0, scale: 1) }
    }

    private static func number(
        _ value: JSONValue?, _ metric: MetricName, _ unit: Unit, times factor: Double = 1,
        over divisor: Double = 1, to batch: inout ObservationBatch
    ) {
        guard let value = value?.double, value.magnitude < TelemetryDecoder.magnitudeMax else { return }
        batch.append(Reading(metric, .number(value * factor / divisor), unit: unit))
    }

    /// The board's only sensor answers at 0x76.
    private static func environment(_ object: JSONValue?, to batch: inout ObservationBatch) {
        object?.forEachMember { key, value in
            guard let value = value.double, value.magnitude < TelemetryDecoder.magnitudeMax else { return }
            if case "voc_index" = ByteKey(key) {
                // Under this name the firmware sends the gas resistance in kilohms.
                batch.append(BME688Field.gasResistance.reading(.b, value * 1000))
            } else if let field = BME688Field(utf8: key) {
                batch.append(field.reading(.b, value))
            }
        }
    }

    private static func status(_ object: JSONValue?, to batch: inout ObservationBatch) {
        guard let object else { return }
        number(object["uptime_ms"], MetricName(known: "sys.uptime"), .second, over: 1000, to: &batch)
        number(object["wifi_rssi"], MetricName(known: "wifi.rssi"), .decibelMilliwatt, to: &batch)
        number(object["impedance_ohms"], MetricName(known: "fci.impedance"), .ohm, to: &batch)
        if let isActive = object["stimulus_active"]?.bool {
            batch.append(Reading(MetricName(known: "fci.stimulus_active"), .flag(isActive)))
        }
    }

    private static func value(after key: StaticString, in line: ByteText) -> ByteText? {
        line.firstIndex(of: key).map { line[($0 + key.utf8CodeUnitCount)..<line.bytes.count].trimmed }
    }
}
