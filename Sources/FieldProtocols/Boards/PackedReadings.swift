internal import Crypto
internal import GatewayModel

/// The readings in the packed structs of the binary firmware generation and of drones (reference, sections 1.9, 9.2, 9.3).
///
/// Floats that are no numbers are left out.
struct PackedReadings {
    /// Whether a value was left out because it was no number.
    private(set) var hasGaps = false

    private static let uptime = MetricName(known: "sys.uptime")
    private static let mosfets = [
        MetricName(known: "output.mosfet1"), MetricName(known: "output.mosfet2"), MetricName(known: "output.mosfet3"),
    ]
    private static let metrePerSecond = Unit(known: "m/s")
    private static let metre = Unit(known: "m")
    private static let degree = Unit(known: "deg")

    /// Appends the readings of `content`; false if it holds none.
    mutating func append(_ content: MDPStruct, to batch: inout ObservationBatch) -> Bool {
        switch content {
        case .telemetryV1(let telemetry): append(telemetry, to: &batch)
        case .wifiSense(let sense): append(sense, to: &batch)
        case .droneTelemetry(let drone): append(drone, to: &batch)
        case .droneMissionStatus(let mission): append(mission, to: &batch)
        case .command, .commandResult: return false
        }
        return true
    }

    private mutating func append(_ telemetry: TelemetryV1, to batch: inout ObservationBatch) {
        batch.append(Reading(Self.uptime, .number(Double(telemetry.uptimeMilliseconds) / 1000), unit: .second))
        for (metric, count) in zip(AnalogFields.metrics, telemetry.analogCounts) {
            batch.append(Reading(metric, .number(AnalogFields.volts(counts: Double(count))), unit: .volt))
        }
        for (metric, state) in zip(Self.mosfets, telemetry.mosfets) { batch.append(Reading(metric, .flag(state))) }
    }

    private mutating func append(_ sense: WiFiSense, to batch: inout ObservationBatch) {
        number("wifisense.link", Float(sense.link), .one, &batch)
        number("wifisense.channel", Float(sense.channel), .one, &batch)
        number("wifisense.bandwidth", Float(sense.bandwidth), .one, &batch)
        number("wifisense.rssi", Float(sense.rssi), .decibelMilliwatt, &batch)
        number("wifisense.subcarriers", Float(sense.subcarriers), .one, &batch)
        number("wifisense.antennas", Float(sense.antennas), .one, &batch)
        axes("wifisense.acceleration", sense.acceleration, &batch)
        axes("wifisense.rotation", sense.rotation, &batch)
        axes("wifisense.compass", sense.compass, &batch)
        number("wifisense.temperature", sense.temperature, .celsius, &batch)
        number("wifisense.humidity", sense.humidity, .percent, &batch)
        guard !sense.channelState.isEmpty else { return }
        let format = sense.format == 0 ? "iq16" : sense.format == 1 ? "amplitude_phase" : "format_\(sense.format)"
        batch.append(Reading(MetricName(known: "wifisense.csi_format"), .text(format)))
        sense.channelState.withUnsafeBytes { bytes in
            batch.append(Reading(MetricName(known: "wifisense.csi"), .text(Hex.encode(bytes))))
        }
    }

    private mutating func append(_ drone: DroneTelemetry, to batch: inout ObservationBatch) {
        number("drone.latitude", drone.latitude, Self.degree, &batch)
        number("drone.longitude", drone.longitude, Self.degree, &batch)
        number("drone.altitude", drone.altitude, Self.metre, &batch)
        number("drone.altitude_relative", drone.relativeAltitude, Self.metre, &batch)
        number("drone.heading", drone.heading, Self.degree, &batch)
        number("drone.ground_speed", drone.groundSpeed, Self.metrePerSecond, &batch)
        number("drone.air_speed", drone.airSpeed, Self.metrePerSecond, &batch)
        number("drone.climb_rate", drone.climbRate, Self.metrePerSecond, &batch)
        text("drone.flight_mode", drone.flightMode, &batch)
        flag("drone.armed", drone.isArmed, &batch)
        number("drone.battery_level", Float(drone.batteryPercent), .percent, &batch)
        number("drone.battery_voltage", drone.batteryVolts, .volt, &batch)
        number("drone.battery_current", drone.batteryAmperes, Unit(known: "A"), &batch)
        flag("drone.payload_latched", drone.isPayloadLatched, &batch)
        text("drone.payload_type", Self.payload(drone.payloadType), &batch)
        number("drone.payload_mass", drone.payloadMass, .none, &batch)
        number("drone.temperature", drone.temperature, .celsius, &batch)
        number("drone.humidity", drone.humidity, .percent, &batch)
        number("drone.pressure", drone.pressure, .hectopascal, &batch)
        number("drone.gas_resistance", drone.gasResistance, .ohm, &batch)
        text("drone.mission_state", drone.missionState, &batch)
        whole("drone.mission_progress", drone.missionProgress, &batch)
        text("drone.mission_target", drone.target, &batch)
    }

    private mutating func append(_ mission: DroneMissionStatus, to batch: inout ObservationBatch) {
        whole("drone.mission_id", mission.id, &batch)
        text("drone.mission_state", DroneTelemetry.mission(mission.state), &batch)
        whole("drone.mission_progress", mission.progress, &batch)
        // Only the first and the last of four are known by name.
        let status = mission.status == 0 ? "pending" : mission.status == 3 ? "failed" : "status_\(mission.status)"
        text("drone.mission_status", status, &batch)
        text("drone.mission_error", mission.error, &batch)
    }

    private static func payload(_ type: UInt8) -> String {
        switch type {
        case 1: "mushroom1"
        case 2: "sporebase"
        default: "type_\(type)"
        }
    }

    // MARK: - Values

    private mutating func number(
        _ name: StaticString, _ value: Float, _ unit: Unit, _ batch: inout ObservationBatch
    ) {
        guard value.isFinite else {
            hasGaps = true
            return
        }
        batch.append(Reading(MetricName(known: name), .number(Double(value)), unit: unit))
    }

    private func whole(_ name: StaticString, _ value: UInt32, _ batch: inout ObservationBatch) {
        batch.append(Reading(MetricName(known: name), .number(Double(value)), unit: .one))
    }

    private func flag(_ name: StaticString, _ value: Bool, _ batch: inout ObservationBatch) {
        batch.append(Reading(MetricName(known: name), .flag(value)))
    }

    private func text(_ name: StaticString, _ value: String, _ batch: inout ObservationBatch) {
        if !value.isEmpty { batch.append(Reading(MetricName(known: name), .text(value))) }
    }

    private mutating func axes(_ name: String, _ values: [Float], _ batch: inout ObservationBatch) {
        for (axis, value) in zip(["x", "y", "z"], values) {
            guard value.isFinite, let metric = MetricName(name + "." + axis) else {
                hasGaps = true
                continue
            }
            batch.append(Reading(metric, .number(Double(value))))
        }
    }
}
