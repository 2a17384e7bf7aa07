internal import GatewayModel
internal import JSONText

/// The readings in the payload of a TELEMETRY frame, under their canonical names (reference, sections 1.9 and 11).
enum MDPReadings {
    private static let uptime = MetricName(known: "sys.uptime")
    private static let estop = MetricName(known: "sys.estop")
    private static let mosfets = ["1", "2", "3"].compactMap { MetricName("output.mosfet" + $0) }
    /// Nesting and number of metrics that a payload of unknown shape may bring.
    private static let depthMax = 4
    private static let unknownMax = 64

    static func append(_ payload: JSONValue, to batch: inout ObservationBatch) {
        if payload["type"]?.string == "claw_status" { return claw(payload, to: &batch) }
        payload.forEachMember { key, value in
            switch ByteKey(key) {
            case "type": break
            case "uptime_s":
                if let value = value.double { batch.append(Reading(uptime, .number(value), unit: .second)) }
            case "estop":
                if let value = value.bool { batch.append(Reading(estop, .flag(value))) }
            case "analog": analogInputs(value, to: &batch)
            case "bme688", "bme690": sensors(value, to: &batch)
            case "claw": claw(value, to: &batch)
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

    private static func sensors(_ slots: JSONValue, to batch: inout ObservationBatch) {
        slots.forEachMember { key, sensor in
            guard let slot = BME688Slot(label: String(decoding: key, as: UTF8.self)) else {
                return unknown(sensor, named: "bme688." + String(decoding: key, as: UTF8.self), depth: 1, to: &batch)
            }
            sensor.forEachMember { key, value in
                if let field = BME688Field(utf8: key) {
                    if let value = value.double { batch.append(field.reading(slot, value)) }
                } else {
                    let name = slot.prefix + "." + String(decoding: key, as: UTF8.self)
                    unknown(value, named: name, depth: 2, to: &batch)
                }
            }
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

    static func append(_ telemetry: TelemetryV1, to batch: inout ObservationBatch) {
        batch.append(Reading(uptime, .number(Double(telemetry.uptimeMilliseconds) / 1000), unit: .second))
        for (metric, count) in zip(AnalogFields.metrics, telemetry.analogCounts) {
            batch.append(Reading(metric, .number(AnalogFields.volts(counts: Double(count))), unit: .volt))
        }
        for (metric, state) in zip(mosfets, telemetry.mosfets) { batch.append(Reading(metric, .flag(state))) }
    }
}
