public import GatewayModel
internal import JSONText

/// The readings in the lines of a session, under their canonical names. Values that firmware makes up are left out.
public enum LineReadings {
    /// Adds the readings of one line to `batch`; nothing for lines without any.
    /// - Returns: `repaired` if the line had to be mended, `placeholder` if values that firmware makes up were left out.
    @discardableResult
    public static func append(
        _ line: LineClassifier.ClassifiedLine, text: UnsafeRawBufferPointer, generation: LineGeneration?,
        to batch: inout ObservationBatch
    ) -> RecordFlags {
        switch line.lineClass {
        case .legacySensorLine, .legacySensorLineWithNaN:
            LegacySensorLine(ByteText(text).trimmed).appendReadings(to: &batch)
        case .fciBioLine: FCIReadings.bio(ByteText(text).trimmed, to: &batch)
        case .fciCalibrationLine: FCIReadings.calibration(ByteText(text).trimmed, to: &batch)
        default:
            if let members = line.members { append(members, line.lineClass, generation, to: &batch) }
        }
        BSECAccuracy.heed(in: &batch)
        var flags: RecordFlags = line.isRepaired ? .repaired : []
        if generation != .g4, holdsPlaceholders(line) { flags.insert(.placeholder) }
        return flags
    }

    /// g3 and g4 send outputs and analog inputs that they do not read (reference, section 2.5).
    private static func holdsPlaceholders(_ line: LineClassifier.ClassifiedLine) -> Bool {
        guard line.lineClass == .jsonTele, let members = line.members else { return false }
        return members[.mosfetStates] != nil || members[.ai1Voltage] != nil
    }

    private static func append(
        _ line: LineMembers, _ lineClass: LineClass, _ generation: LineGeneration?, to batch: inout ObservationBatch
    ) {
        switch lineClass {
        case .jsonSensor: sensor(line, to: &batch)
        case .jsonInvalidNaN:
            let shape = JSONLines.lineClass(of: line)
            if shape != .jsonInvalidNaN { append(line, shape, generation, to: &batch) }
        case .jsonTele: tele(line, to: &batch)
        case .jsonTelemetry, .jsonStatus, .jsonStatusAsTelemetry: telemetry(line, generation, to: &batch)
        case .jsonTelemetryWrapped:
            if let content = line[.data] { telemetry(LineMembers(content), generation, to: &batch) }
        case .jsonResponseOK: sensorsAnswer(line, to: &batch)
        case .jsonOther where FCIReadings.isEnvelope(line.line): FCIReadings.envelope(line.line, to: &batch)
        default: break
        }
    }

    // MARK: - Shapes

    private static let uptime = MetricName(known: "sys.uptime")
    private static let heap = MetricName(known: "sys.heap")
    private static let bytes = Unit(known: "By")
    private static let mosfets = [1, 2, 3, 4].map { MetricName(ownName: "output.mosfet\($0)") }
    private static let outputs = (
        optx: MetricName(known: "output.optx"), aotx: MetricName(known: "output.aotx"),
        light: MetricName(known: "output.stim_light"), sound: MetricName(known: "output.stim_sound"),
        red: MetricName(known: "output.led_red"), green: MetricName(known: "output.led_green"),
        blue: MetricName(known: "output.led_blue")
    )

    /// g1: `ts_ms`, `sensor`, `addr` and the values of one sensor.
    private static func sensor(_ line: LineMembers, to batch: inout ObservationBatch) {
        let slot = BME688Slot(label: line[.sensor]?.string ?? "") ?? BME688Slot(label: line[.addr]?.string ?? "")
        fields(line.line, (slot ?? .a).with(SensorFacts.chip(of: line.line) ?? .bme688), to: &batch)
    }

    /// g3, g4: the first sensor only; analog inputs and outputs in these lines are placeholders.
    private static func tele(_ line: LineMembers, to batch: inout ObservationBatch) {
        // g3 says everything twice.
        let slot = firstSlot(line[.i2cAddresses])
        if !fields(line.line, slot, to: &batch), let environment = line[.env] { fields(environment, slot, to: &batch) }
        number(line[.uptimeS] ?? line[.uptimeSeconds], uptime, .second, to: &batch)
        number(line[.health]?["heap"], heap, bytes, to: &batch)
        if let object = line[.as7341] { AS7341Channels.append(object, to: &batch) }
    }

    /// g2, g5, g6.
    private static func telemetry(
        _ line: LineMembers, _ generation: LineGeneration?, to batch: inout ObservationBatch
    ) {
        let inputs = AnalogFields.metrics
        number(line[.ai1Voltage], inputs[0], .volt, to: &batch)
        number(line[.ai2Voltage], inputs[1], .volt, to: &batch)
        number(line[.ai3Voltage], inputs[2], .volt, to: &batch)
        number(line[.ai4Voltage], inputs[3], .volt, to: &batch)
        fields(line.line, firstSlot(line[.i2cAddresses]), to: &batch)
        if generation == .g2 || generation == nil {
            var index = 0
            line[.mosfetStates]?.forEachElement { state in
                if index < mosfets.count { flag(state, mosfets[index], to: &batch) }
                index += 1
            }
        }
        let outputs = outputs
        number(line[.led]?["r"], outputs.red, .one, to: &batch)
        number(line[.led]?["g"], outputs.green, .one, to: &batch)
        number(line[.led]?["b"], outputs.blue, .one, to: &batch)
        flag(line[.optxActive], outputs.optx, to: &batch)
        flag(line[.aotxActive], outputs.aotx, to: &batch)
        flag(line[.stimLight], outputs.light, to: &batch)
        flag(line[.stimSound], outputs.sound, to: &batch)
        if let object = line[.as7341] { AS7341Channels.append(object, to: &batch) }
        if let milliseconds = line[.uptimeMs]?.double {
            batch.append(Reading(uptime, .number(milliseconds / 1000), unit: .second))
        } else {
            number(line[.uptimeSeconds] ?? line[.uptimeS], uptime, .second, to: &batch)
        }
    }

    /// g3, g4: both sensors, `bme1` and `bme2`.
    private static func sensorsAnswer(_ line: LineMembers, to batch: inout ObservationBatch) {
        for (key, otherwise) in [(.bme1, .a), (.bme2, .b)] as [(LineMembers.Key, BME688Slot)] {
            guard let sensor = line[key] else { continue }
            let label: String = sensor["label"]?.string ?? sensor["address"]?.string ?? ""
            let slot = BME688Slot(label: label) ?? otherwise
            fields(sensor, slot.with(SensorFacts.chip(of: sensor) ?? .bme688), to: &batch)
        }
    }

    // MARK: - Values

    /// Which sensor stands at the top level: the first present one, and AMB is asked first.
    private static func firstSlot(_ addresses: JSONValue?) -> BME688Slot {
        guard let addresses, addresses.count > 0 else { return .a }
        var present: Set<Int64> = []
        addresses.forEachElement { if let address = $0.int64 { present.insert(address) } }
        return present.contains(0x76) && !present.contains(0x77) ? .b : .a
    }

    @discardableResult
    private static func fields(
        _ object: JSONValue, _ slot: BME688Slot, to batch: inout ObservationBatch
    ) -> Bool {
        var hasAny = false
        object.forEachMember { key, value in
            guard let value = value.double, let field = BME688Field(utf8: key) else { return }
            batch.append(field.reading(slot, value))
            hasAny = true
        }
        return hasAny
    }

    private static func number(
        _ value: JSONValue?, _ metric: MetricName, _ unit: Unit, to batch: inout ObservationBatch
    ) {
        if let value = value?.double { batch.append(Reading(metric, .number(value), unit: unit)) }
    }

    private static func flag(_ value: JSONValue?, _ metric: MetricName, to batch: inout ObservationBatch) {
        if let state = value?.bool { batch.append(Reading(metric, .flag(state))) }
    }
}
