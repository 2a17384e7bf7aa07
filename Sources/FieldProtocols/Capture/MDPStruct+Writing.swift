internal import JSONText

extension MDPStruct {
    /// The fields under their names, as `decode` prints them.
    func write(to writer: inout JSONWriter) { writer.value(.object(members)) }

    private var members: [JSON.Member] {
        switch self {
        case .telemetryV1(let telemetry): telemetry.members
        case .command(let command):
            [member("cmd_id", Int64(command.id)), member("data", command.content)]
        case .commandResult(let result):
            [member("cmd_id", Int64(result.commandID)), member("status", Int64(result.status))]
        case .wifiSense(let sense): sense.members
        case .droneTelemetry(let drone): drone.members
        case .droneMissionStatus(let mission):
            [
                member("state", Int64(mission.state)), member("id", Int64(mission.id)),
                member("progress", Int64(mission.progress)), member("status", Int64(mission.status)),
                member("error", mission.error),
            ]
        }
    }
}

private func member(_ key: String, _ value: Int64) -> JSON.Member { .init(key: key, value: .integer(value)) }
private func member(_ key: String, _ value: Bool) -> JSON.Member { .init(key: key, value: .bool(value)) }
private func member(_ key: String, _ value: String) -> JSON.Member { .init(key: key, value: .string(value)) }
private func member(_ key: String, _ value: Float) -> JSON.Member { .init(key: key, value: number(value)) }
private func member(_ key: String, _ values: [Float]) -> JSON.Member {
    .init(key: key, value: .array(values.map(number)))
}
private func member(_ key: String, _ values: [some BinaryInteger]) -> JSON.Member {
    .init(key: key, value: .array(values.map { .integer(Int64($0)) }))
}

/// The shortest decimal that is this 32-bit number; null if it is not finite.
private func number(_ value: Float) -> JSON {
    value.isFinite ? .number(Double(value.description) ?? Double(value)) : .null
}

extension TelemetryV1 {
    fileprivate var members: [JSON.Member] {
        [
            member("uptime_ms", Int64(uptimeMilliseconds)), member("ai_counts", analogCounts),
            member("ai_volts", analogVolts),
            .init(key: "mos", value: .array(mosfets.map { .bool($0) })),
            .init(
                key: "i2c_addrs",
                value: .array(i2cAddresses.map { bus in .array(bus.map { .integer(Int64($0)) }) })),
            member("bme_addr", bmeAddresses), member("bme_chip", bmeChips), member("sda", sdaPins),
            member("scl", sclPins),
        ]
    }
}

extension WiFiSense {
    fileprivate var members: [JSON.Member] {
        [
            member("timestamp_ns", Int64(nanoseconds)), member("link_id", Int64(link)),
            member("channel", Int64(channel)), member("bandwidth", Int64(bandwidth)), member("rssi", Int64(rssi)),
            member("csi_length", Int64(channelState.count)), member("csi_format", Int64(format)),
            member("subcarriers", Int64(subcarriers)), member("antennas", Int64(antennas)),
            member("csi_data", channelState), member("accel", acceleration), member("gyro", rotation),
            member("compass", compass), member("temperature", temperature), member("humidity", humidity),
        ]
    }
}

extension DroneTelemetry {
    fileprivate var members: [JSON.Member] {
        let flight = [
            member("latitude", latitude), member("longitude", longitude), member("altitude", altitude),
            member("relative_altitude", relativeAltitude), member("heading", heading),
            member("ground_speed", groundSpeed), member("air_speed", airSpeed), member("climb_rate", climbRate),
            member("flight_mode", flightMode), member("armed", isArmed),
        ]
        let power = [
            member("battery_percent", Int64(batteryPercent)), member("battery_voltage", batteryVolts),
            member("battery_current", batteryAmperes),
        ]
        let payload = [
            member("payload_latched", isPayloadLatched), member("payload_type", Int64(payloadType)),
            member("payload_mass", payloadMass), member("temperature", temperature), member("humidity", humidity),
            member("pressure", pressure), member("gas_resistance", gasResistance),
        ]
        let mission = [
            member("mission_state", missionState), member("mission_progress", Int64(missionProgress)),
            member("target", target),
        ]
        return flight + power + payload + mission
    }
}
