/// What a line of a serial session is; the raw values are the class names of the vectors and of `decode lines`.
public enum LineClass: String, Sendable, CaseIterable {
    /// Boot text, banners, progress, echoes: kept as a log line.
    case noise
    /// The line has no end, or is longer than a line may be.
    case truncated
    case bannerMAC = "banner_mac"
    case bannerFirmware = "banner_fw"
    case bannerReady = "banner_ready"
    case bannerDeviceID = "banner_device_id"
    case i2cFound = "i2c_found"
    case statusLine = "status_line"
    case legacySensorLine = "legacy_sensor_line"
    case legacySensorLineWithNaN = "legacy_sensor_line_with_nan"
    case cliError = "cli_error"
    case fciBioLine = "fci_bio_line"
    case fciCalibrationLine = "fci_cal_line"
    case linkText = "link_text"

    case jsonBoot = "json_boot"
    case jsonHello = "json_hello"
    case jsonTele = "json_tele"
    case jsonTelemetry = "json_telemetry"
    case jsonTelemetryWrapped = "json_telemetry_wrapped"
    case jsonStatus = "json_status"
    case jsonStatusAsTelemetry = "json_status_as_telemetry"
    case jsonSensor = "json_sensor"
    case jsonPeripherals = "json_periph_list"
    case jsonPeripheralsAlternative = "json_periph_list_alt"
    case jsonIdentity = "json_identity"
    case jsonScope = "json_scope"

    case jsonAck = "json_ack"
    case jsonAckWrapped = "json_ack_wrapped"
    case jsonError = "json_err"
    case jsonErrorWrapped = "json_err_wrapped"
    case jsonErrorUntyped = "json_error_untyped"
    case jsonResponse = "json_response"
    case jsonResponseOK = "json_response_ok"
    case jsonResponseError = "json_response_err"

    case jsonLoRaInit = "json_lora_init"
    case jsonReady = "json_ready"
    case jsonLoRaReceived = "json_lora_rx"
    case jsonLoRaRepeated = "json_lora_rx_duplicate"
    case jsonSent = "json_sent"
    case jsonLink = "json_link"
    case jsonCloud = "json_cloud"

    /// JSON of no known shape.
    case jsonOther = "json_other"
    /// Begins like an object and is none, with numbers that JSON does not have.
    case jsonInvalidNaN = "json_invalid_nan"
    /// Begins like an object and is none.
    case jsonInvalid = "json_invalid"
}
