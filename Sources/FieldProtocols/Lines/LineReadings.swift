public import GatewayModel
internal import JSONText

/// The readings in the lines of a session, under their canonical names. Values that firmware makes up are left out.
public enum LineReadings {
    /// Adds the readings of one line to `batch`; nothing for lines without any.
    public static func append(
        _ line: LineClassifier.ClassifiedLine, text: UnsafeRawBufferPointer, generation: LineGeneration?,
        to batch: inout ObservationBatch
    ) {
        switch line.lineClass {
        case .legacySensorLine, .legacySensorLineWithNaN:
            LegacySensorLine(ByteText(text).trimmed).appendReadings(to: &batch)
        case .fciBioLine: bio(ByteText(text).trimmed, to: &batch)
        default:
            if let value = line.value { append(value, line.lineClass, generation, to: &batch) }
        }
    }

    private static func append(
        _ line: JSONValue, _ lineClass: LineClass, _ generation: LineGeneration?, to batch: inout ObservationBatch
    ) {
        switch lineClass {
        case .jsonSensor: sensor(line, to: &batch)
        case .jsonInvalidNaN:
            let shape = JSONLines.lineClass(of: line)
            if shape != .jsonInvalidNaN { append(line, shape, generation, to: &batch) }
        case .jsonTele: tele(line, to: &batch)
        case .jsonTelemetry, .jsonStatus, .jsonStatusAsTelemetry: telemetry(line, generation, to: &batch)
        case .jsonTelemetryWrapped:
            if let content = line["data"] { telemetry(content, generation, to: &batch) }
        case .jsonResponseOK: sensorsAnswer(line, to: &batch)
        default: break
        }
    }

    // MARK: - Shapes

    private static let uptime = MetricName(known: "sys.uptime")
    private static let heap = MetricName(known: "sys.heap")
    private static let bytes = Unit(known: "By")
    private static let analog = ["ai1", "ai2", "ai3", "ai4"].compactMap { MetricName("analog." + $0) }
    private static let analogKeys: [StaticString] = ["ai1_voltage", "ai2_voltage", "ai3_voltage", "ai4_voltage"]
    private static let mosfets = [1, 2, 3, 4].compactMap { MetricName("output.mosfet\($0)") }
    private static let outputs: [(StaticString, MetricName)] = [
        ("optx_active", MetricName(known: "output.optx")), ("aotx_active", MetricName(known: "output.aotx")),
        ("stim_light", MetricName(known: "output.stim_light")), ("stim_sound", MetricName(known: "output.stim_sound")),
    ]

    /// g1: `ts_ms`, `sensor`, `addr` and the values of one sensor.
    private static func sensor(_ line: JSONValue, to batch: inout ObservationBatch) {
        let slot = BME688Slot(label: line["sensor"]?.string ?? "") ?? BME688Slot(label: line["addr"]?.string ?? "")
        fields(line, slot ?? .a, to: &batch)
    }

    /// g3, g4: the first sensor only; analog inputs and outputs in these lines are placeholders.
    private static func tele(_ line: JSONValue, to batch: inout ObservationBatch) {
        fields(line, firstSlot(line), to: &batch)
        number(line["uptime_s"] ?? line["uptime_seconds"], uptime, .second, to: &batch)
        number(line["health"]?["heap"], heap, bytes, to: &batch)
    }

    /// g2, g5, g6.
    private static func telemetry(
        _ line: JSONValue, _ generation: LineGeneration?, to batch: inout ObservationBatch
    ) {
        for (key, metric) in zip(analogKeys, analog) { number(line[key], metric, .volt, to: &batch) }
        fields(line, firstSlot(line), to: &batch)
        if generation == .g2 || generation == nil {
            var index = 0
            line["mosfet_states"]?.forEachElement { state in
                if let state = state.bool, index < mosfets.count { batch.append(Reading(mosfets[index], .flag(state))) }
                index += 1
            }
        }
        for (key, metric) in outputs {
            if let state = line[key]?.bool { batch.append(Reading(metric, .flag(state))) }
        }
        if let milliseconds = line["uptime_ms"]?.double {
            batch.append(Reading(uptime, .number(milliseconds / 1000), unit: .second))
        } else {
            number(line["uptime_seconds"] ?? line["uptime_s"], uptime, .second, to: &batch)
        }
    }

    /// g3, g4: both sensors, `bme1` and `bme2`.
    private static func sensorsAnswer(_ line: JSONValue, to batch: inout ObservationBatch) {
        for (key, otherwise) in [("bme1", BME688Slot.a), ("bme2", .b)] as [(StaticString, BME688Slot)] {
            guard let sensor = line[key] else { continue }
            let label: String = sensor["label"]?.string ?? sensor["address"]?.string ?? ""
            fields(sensor, BME688Slot(label: label) ?? otherwise, to: &batch)
        }
    }

    /// g10: `[BIO] Amp: 0.74 µV | Freq: 1.50 Hz | Pattern: growth (98%)`.
    private static func bio(_ line: ByteText, to batch: inout ObservationBatch) {
        func value(after key: StaticString) -> ByteText? {
            line.firstIndex(of: key).map { line[($0 + key.utf8CodeUnitCount)..<line.bytes.count].trimmed }
        }
        if let amplitude = value(after: "Amp:")?.leadingNumber {
            batch.append(Reading(MetricName(known: "fci.amplitude"), .number(amplitude), unit: Unit(known: "uV")))
        }
        if let frequency = value(after: "Freq:")?.leadingNumber {
            batch.append(
                Reading(MetricName(known: "fci.dominant_frequency"), .number(frequency), unit: Unit(known: "Hz")))
        }
        guard let pattern = value(after: "Pattern:") else { return }
        let end = pattern.firstIndex(of: "(") ?? pattern.bytes.count
        let name = pattern[0..<end].trimmed.string
        if !name.isEmpty { batch.append(Reading(MetricName(known: "fci.pattern"), .text(name))) }
        if end < pattern.bytes.count, let confidence = pattern[(end + 1)..<pattern.bytes.count].leadingNumber {
            batch.append(Reading(MetricName(known: "fci.pattern_confidence"), .number(confidence), unit: .percent))
        }
    }

    // MARK: - Values

    /// Which sensor stands at the top level: the first present one, and AMB is asked first.
    private static func firstSlot(_ line: JSONValue) -> BME688Slot {
        guard let addresses = line["i2c_addresses"], addresses.count > 0 else { return .a }
        var present: Set<Int64> = []
        addresses.forEachElement { if let address = $0.int64 { present.insert(address) } }
        return present.contains(0x76) && !present.contains(0x77) ? .b : .a
    }

    private static func fields(_ object: JSONValue, _ slot: BME688Slot, to batch: inout ObservationBatch) {
        object.forEachMember { key, value in
            guard let value = value.double, let field = BME688Field(utf8: key) else { return }
            batch.append(field.reading(slot, value))
        }
    }

    private static func number(
        _ value: JSONValue?, _ metric: MetricName, _ unit: Unit, to batch: inout ObservationBatch
    ) {
        if let value = value?.double { batch.append(Reading(metric, .number(value), unit: unit)) }
    }
}
