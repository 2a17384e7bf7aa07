internal import GatewayModel
internal import JSONText

/// The readings in the payload of a TELEMETRY frame, under their canonical names (reference, sections 1.9 and 11).
enum MDPReadings {
    private static let uptime = MetricName(known: "sys.uptime")
    private static let estop = MetricName(known: "sys.estop")
    /// Nesting and number of metrics that a payload of unknown shape may bring.
    private static let depthMax = 4
    private static let unknownMax = 64

    static func append(_ payload: JSONValue, to batch: inout ObservationBatch) {
        if let type = payload["type"]?.utf8, case "claw_status" = ByteKey(type) { return claw(payload, to: &batch) }
        if FCIReadings.isEnvelope(payload) { return FCIReadings.envelope(payload, to: &batch) }
        payload.forEachMember { key, value in
            switch ByteKey(key) {
            case "type": break
            case "uptime_s":
                if let value = value.double { batch.append(Reading(uptime, .number(value), unit: .second)) }
            case "estop":
                if let value = value.bool { batch.append(Reading(estop, .flag(value))) }
            case "analog": analogInputs(value, to: &batch)
            case "bme688": sensors(value, of: .bme688, to: &batch)
            case "bme690": sensors(value, of: .bme690, to: &batch)
            case "claw": claw(value, to: &batch)
            case ByteKey(stringLiteral: AS7341Channels.key): AS7341Channels.append(value, to: &batch)
            default: unknown(value, named: String(decoding: key, as: UTF8.self), depth: 1, to: &batch)
            }
        }
    }

    /// Raw counts by input.
    private static func analogInputs(_ inputs: JSONValue, to batch: inout ObservationBatch) {
        inputs.forEachMember { key, value in
            guard let count = value.double else { return }
            if case "soil_moisture" = ByteKey(key) {
                let field = AnalogFields.soilCount
                return batch.append(Reading(field.metric, .number(count), unit: field.unit))
            }
            guard let metric = analogMetric(key) else { return }
            batch.append(Reading(metric, .number(AnalogFields.volts(counts: count)), unit: .volt))
        }
    }

    private static func analogMetric(_ key: UnsafeBufferPointer<UInt8>) -> MetricName? {
        if key.count == 3, key[0] == UInt8(ascii: "a"), key[1] == UInt8(ascii: "i") {
            let index = Int(key[2]) - Int(UInt8(ascii: "1"))
            if AnalogFields.metrics.indices.contains(index) { return AnalogFields.metrics[index] }
        }
        return MetricName("analog." + String(decoding: key, as: UTF8.self))
    }

    private static func sensors(
        _ slots: JSONValue, of chip: BME688Slot.Chip, to batch: inout ObservationBatch
    ) {
        slots.forEachMember { key, sensor in
            guard let place = place(key) else {
                return unknown(sensor, named: "bme688." + String(decoding: key, as: UTF8.self), depth: 1, to: &batch)
            }
            let slot = place.with(SensorFacts.chip(of: sensor) ?? chip)
            sensor.forEachMember { key, value in
                if let field = BME688Field(utf8: key) {
                    if let value = value.double { batch.append(field.reading(slot, value)) }
                } else if !SensorFacts.isFact(key) {
                    let name = slot.prefix + "." + String(decoding: key, as: UTF8.self)
                    unknown(value, named: name, depth: 2, to: &batch)
                }
            }
        }
    }

    /// The usual names first: they are compared without making a string.
    private static func place(_ key: UnsafeBufferPointer<UInt8>) -> BME688Slot? {
        switch ByteKey(key) {
        case "a": .a
        case "b": .b
        default: BME688Slot(label: String(decoding: key, as: UTF8.self))
        }
    }

    private static func claw(_ claw: JSONValue, to batch: inout ObservationBatch) {
        claw.forEachMember { key, value in
            switch ByteKey(key) {
            case "type": break
            case "position":
                if let angle = value.double {
                    batch.append(Reading(MetricName(known: "claw.position"), .number(angle), unit: Unit(known: "deg")))
                }
            case "mode":
                if let mode = value.string { batch.append(Reading(MetricName(known: "claw.mode"), .text(mode))) }
            default: unknown(value, named: "claw." + String(decoding: key, as: UTF8.self), depth: 1, to: &batch)
            }
        }
    }

    /// Numbers and flags that newer firmware adds are kept under their own path; texts are not readings.
    private static func unknown(
        _ value: JSONValue, named name: String, depth: Int, to batch: inout ObservationBatch
    ) {
        if value.isObject {
            guard depth < depthMax else { return }
            value.forEachMember { key, value in
                unknown(value, named: name + "." + String(decoding: key, as: UTF8.self), depth: depth + 1, to: &batch)
            }
            return
        }
        guard batch.openReadings.count < unknownMax else { return }
        if let number = value.double, let metric = MetricName(name) {
            batch.append(Reading(metric, .number(number)))
        } else if let flag = value.bool, let metric = MetricName(name) {
            batch.append(Reading(metric, .flag(flag)))
        }
    }
}
