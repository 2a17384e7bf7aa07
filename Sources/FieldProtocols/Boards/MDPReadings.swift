internal import GatewayModel
internal import JSONText

/// The readings in the payload of a TELEMETRY frame, under their canonical names (reference, sections 1.9 and 11).
struct MDPReadings {
    private let device: DeviceName
    private var isWhole = true

    private static let uptime = MetricName(known: "sys.uptime")
    private static let estop = MetricName(known: "sys.estop")
    /// Nesting and number of metrics that a payload of unknown shape may bring.
    private static let depthMax = 4
    private static let unknownMax = 64

    private init(device: DeviceName) { self.device = device }

    /// Appends them to the observation being built; `device` has sent them.
    ///
    /// - Returns: whether none was left out for want of room.
    static func append(_ payload: JSONValue, by device: DeviceName, to batch: inout ObservationBatch) -> Bool {
        if FCIReadings.isEnvelope(payload) {
            FCIReadings.envelope(payload, to: &batch)
            return true
        }
        var reading = MDPReadings(device: device)
        reading.append(payload, to: &batch)
        return reading.isWhole
    }

    private mutating func append(_ payload: JSONValue, to batch: inout ObservationBatch) {
        if let type = payload["type"]?.utf8, case "claw_status" = ByteKey(type) { return claw(payload, to: &batch) }
        payload.forEachMember { key, value in
            switch ByteKey(key) {
            case "type": break
            case "uptime_s":
                if let value = value.double { batch.append(Reading(Self.uptime, .number(value), unit: .second)) }
            case "estop":
                if let value = value.bool { batch.append(Reading(Self.estop, .flag(value))) }
            case "analog": analogInputs(value, to: &batch)
            case "bme688": sensors(value, of: .bme688, to: &batch)
            case "bme690": sensors(value, of: .bme690, to: &batch)
            case "claw": claw(value, to: &batch)
            case "geo", "location": place(value, named: String(decoding: key, as: UTF8.self), to: &batch)
            case ByteKey(stringLiteral: AS7341Channels.key): AS7341Channels.append(value, to: &batch)
            default: unknown(value, named: String(decoding: key, as: UTF8.self), depth: 1, to: &batch)
            }
        }
    }

    private mutating func place(_ value: JSONValue, named name: String, to batch: inout ObservationBatch) {
        guard let place = EnvelopePlace(value) else { return unknown(value, named: name, depth: 1, to: &batch) }
        if !place.append(quality: .ok, to: &batch) { isWhole = false }
    }

    /// Raw counts by input.
    private mutating func analogInputs(_ inputs: JSONValue, to batch: inout ObservationBatch) {
        inputs.forEachMember { key, value in
            guard let count = value.double else { return }
            if case "soil_moisture" = ByteKey(key) {
                let field = AnalogFields.soilCount
                return batch.append(Reading(field.metric, .number(count), unit: field.unit))
            }
            guard let metric = analogMetric(key) else {
                isWhole = false
                return
            }
            batch.append(Reading(metric, .number(AnalogFields.volts(counts: count)), unit: .volt))
        }
    }

    private func analogMetric(_ key: UnsafeBufferPointer<UInt8>) -> MetricName? {
        if key.count == 3, key[0] == UInt8(ascii: "a"), key[1] == UInt8(ascii: "i") {
            let index = Int(key[2]) - Int(UInt8(ascii: "1"))
            if AnalogFields.metrics.indices.contains(index) { return AnalogFields.metrics[index] }
        }
        return MetricName("analog." + String(decoding: key, as: UTF8.self), by: device)
    }

    private mutating func sensors(
        _ slots: JSONValue, of chip: BME688Slot.Chip, to batch: inout ObservationBatch
    ) {
        slots.forEachMember { key, sensor in
            guard let place = Self.place(key) else {
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

    private mutating func claw(_ claw: JSONValue, to batch: inout ObservationBatch) {
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
    private mutating func unknown(
        _ value: JSONValue, named name: String, depth: Int, to batch: inout ObservationBatch
    ) {
        if value.isObject {
            guard depth < Self.depthMax else {
                isWhole = false
                return
            }
            value.forEachMember { key, value in
                unknown(value, named: name + "." + String(decoding: key, as: UTF8.self), depth: depth + 1, to: &batch)
            }
            return
        }
        let content: Reading.Value
        if let number = value.double {
            content = .number(number)
        } else if let flag = value.bool {
            content = .flag(flag)
        } else {
            return
        }
        guard batch.openReadings.count < Self.unknownMax, let metric = MetricName(name, by: device) else {
            isWhole = false
            return
        }
        batch.append(Reading(metric, content))
    }
}
