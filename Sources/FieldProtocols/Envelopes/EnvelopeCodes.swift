public import GatewayModel

/// The starter codes of MycoEnvelope for sensors and units, by stable metric names and UCUM units (field reference,
/// section 4.1).
public enum EnvelopeCodes {
    private static let sensors =
        ([
            "temperature", "humidity", "co2", "voc", "pm2_5", "pm10", "pressure", "wind_speed", "wind_dir", "battery",
        ] as [StaticString]).map { MetricName(known: $0) }

    private static let units = ["Cel", "%", "[ppm]", "Pa", "ug/m3", "m/s", "deg", "mV"].map { Unit($0) ?? .none }

    /// The metric of a sensor of `device`: an unknown code N is `sensor_N`, a text is taken as it is; nil if it cannot be a
    /// name.
    public static func metric(_ name: MycoEnvelope.Name, by device: DeviceName) -> MetricName? {
        switch name {
        case .text(let text): MetricName(text, by: device)
        case .code(let code):
            if let index = Int(exactly: code), (1...sensors.count).contains(index) {
                sensors[index - 1]
            } else {
                MetricName("sensor_\(code)", by: device)
            }
        }
    }

    /// The unit of a reading of `device`: an unknown code N is the UCUM annotation `{unit_N}`; nil if it cannot be kept.
    public static func unit(_ name: MycoEnvelope.Name, by device: DeviceName) -> Unit? {
        switch name {
        case .text(let text): UnitSpelling.unit(text, by: device)
        case .code(let code):
            if let index = Int(exactly: code), (1...units.count).contains(index) {
                units[index - 1]
            } else {
                Unit("{unit_\(code)}", by: device)
            }
        }
    }
}
