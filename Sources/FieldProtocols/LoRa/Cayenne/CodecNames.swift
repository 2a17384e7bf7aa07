internal import GatewayModel

/// The names that the Cayenne codecs of ChirpStack (`temperatureSensor: {"3": 27.2}`) and The Things Stack
/// (`temperature_3: 27.2`) give to values, by the metric that the same bytes have here.
enum CodecNames {
    /// The metric that is meant by `name` together with a channel; nil for names of other codecs.
    static func metric(_ name: String, channel: String) -> FieldMetric? {
        guard (1...3).contains(channel.utf8.count), channel.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let (metric, unit) = metrics[name], let named = MetricName("\(metric).\(channel)")
        else { return nil }
        return FieldMetric(named, unit: Unit(unit) ?? .none)
    }

    /// The prefix of the parts of a value: `accelerometer_6: {"x": …}`.
    static func group(_ name: String, channel: String) -> String? {
        guard let group = groups[name], (1...3).contains(channel.utf8.count),
            channel.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return "\(group).\(channel)"
    }

    /// The unit of a part of a value; none for parts that are not known.
    static func unit(ofPart part: String, in prefix: String) -> Unit {
        switch (prefix.prefix { $0 != "." }, part) {
        case ("gps", "latitude"), ("gps", "longitude"): units.degree
        case ("gps", "altitude"): units.metre
        case ("acceleration", "x"), ("acceleration", "y"), ("acceleration", "z"): units.gravity
        case ("rotation", "x"), ("rotation", "y"), ("rotation", "z"): units.turning
        default: .none
        }
    }

    private static let units = (
        degree: Unit("deg") ?? .none, metre: Unit("m") ?? .none, gravity: Unit("[g]") ?? .none,
        turning: Unit("deg/s") ?? .none
    )

    /// Whether the members of this object are channels.
    static func isChannelObject(_ name: String) -> Bool { chirpStack.contains(name) }

    /// Name and channel of `relative_humidity_2`.
    static func split(_ name: String) -> (name: String, channel: String)? {
        guard let mark = name.utf8.lastIndex(of: UInt8(ascii: "_")) else { return nil }
        return (String(name[..<mark]), String(name[name.utf8.index(after: mark)...]))
    }

    private static let metrics: [String: (metric: String, unit: String)] = [
        "digitalInput": ("digital_in", ""), "digitalOutput": ("digital_out", ""), "analogInput": ("analog_in", ""),
        "analogOutput": ("analog_out", ""), "illuminanceSensor": ("illuminance", "lx"),
        "presenceSensor": ("presence", ""), "temperatureSensor": ("temperature", "Cel"),
        "humiditySensor": ("humidity", "%"), "barometer": ("pressure", "hPa"),
        "digital_in": ("digital_in", ""), "digital_out": ("digital_out", ""), "analog_in": ("analog_in", ""),
        "analog_out": ("analog_out", ""), "luminosity": ("illuminance", "lx"), "presence": ("presence", ""),
        "temperature": ("temperature", "Cel"), "relative_humidity": ("humidity", "%"),
        "barometric_pressure": ("pressure", "hPa"),
    ]

    private static let groups = [
        "accelerometer": "acceleration", "gyrometer": "rotation", "gpsLocation": "gps", "gps": "gps",
    ]

    private static let chirpStack: Set<String> = [
        "digitalInput", "digitalOutput", "analogInput", "analogOutput", "illuminanceSensor", "presenceSensor",
        "temperatureSensor", "humiditySensor", "barometer", "accelerometer", "gyrometer", "gpsLocation",
    ]
}
