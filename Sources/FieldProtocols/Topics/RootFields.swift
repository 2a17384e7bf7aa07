internal import GatewayModel

/// Members of telemetry that tell about the message or its device.
enum RootFields {
    static func fact(_ name: String, _ shape: FieldNames.Shape) -> MessageFact? {
        switch (shape, name) {
        case (.leaf, "seq"), (.leaf, "sequence"), (.leaf, "device_seq"): .seq
        case (.leaf, "msgId"), (.leaf, "msg_id"), (.leaf, "message_id"), (.leaf, "messageId"): .messageID
        case (.leaf, "captured_at"), (.leaf, "ts"), (.leaf, "timestamp"), (.leaf, "time"), (.leaf, "utc"): .time
        case (.object, "ts"): .timeObject
        case (.leaf, "uptime_s"), (.leaf, "uptime_seconds"), (.leaf, "uptime"): .uptimeSeconds
        case (.leaf, "uptime_ms"): .uptimeMilliseconds
        case (.leaf, "mono_ms"), (.leaf, "t_ms"): .monotonicMilliseconds
        default: nil
        }
    }

    /// Inside `sensors` or `status` an uptime is a value like any other.
    static func uptimeMetric(_ name: String) -> FieldMetric? {
        switch name {
        case "uptime_s", "uptime_seconds", "uptime": uptime
        case "uptime_ms": FieldMetric(uptime.metric, unit: .second, conversion: .milliseconds)
        default: nil
        }
    }

    static let uptime = FieldMetric(MetricName(known: "sys.uptime"), unit: .second)

    static func isAboutDevice(_ name: String) -> Bool { aboutDevice.contains(name) }
    static func isAboutSensor(_ name: String) -> Bool { aboutSensor.contains(name) }

    private static let aboutDevice: Set<String> = [
        "type", "device_id", "deviceId", "device", "node", "node_id", "board_id", "nickname", "mac", "role",
        "device_role", "device_display_name", "display_name", "device_type", "deviceType", "board_type",
        "firmware", "firmware_version", "firmwareVersion", "side_a_fw", "side_b_fw", "version", "host_kind",
        "host_ip", "host", "port", "agent_url", "agent_version", "schema", "units", "i2c_addresses", "location",
        "hash", "sig", "signature", "verification", "hdr", "meta", "geo", "raw",
    ]

    private static let aboutSensor: Set<String> = [
        "chip_id", "i2c_address", "address", "sensor_id", "sensor_slot", "slot", "board_id", "label", "name", "chip",
    ]
}
