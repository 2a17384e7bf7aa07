internal import GatewayModel

/// What Home Assistant calls a unit, and which class of device such a value is (its documentation, "Sensor entity",
/// device classes and their units).
struct HomeEntity: Equatable {
    var unit: String?
    var deviceClass: String?
    /// Nil for what is not measured, such as a text.
    var stateClass: String?

    /// For a number in the unit of this UCUM code, of this metric.
    init(number metric: String, unit code: String) {
        stateClass = "measurement"
        let last = metric.split(separator: ".").last.map(String.init) ?? metric
        guard let (unit, usual) = Self.units[code] else {
            // Any other is shown as it is written.
            unit = code.isEmpty || code == "1" ? nil : code
            return
        }
        self.unit = unit
        deviceClass = Self.deviceClass(last, code) ?? usual
        if deviceClass == "energy" { stateClass = "total_increasing" }
    }

    /// For words.
    init() {}

    /// Where the unit alone does not tell.
    private static func deviceClass(_ name: String, _ code: String) -> String? {
        switch code {
        case "%":
            if name.contains("moisture") { return "moisture" }
            if name.contains("battery") { return "battery" }
            return name.contains("humidity") || name == "rh" ? "humidity" : nil
        case "[ppm]": return name.hasPrefix("co2") ? "carbon_dioxide" : name.contains("voc") ? vocParts : nil
        case "[ppb]": return name.contains("voc") ? vocParts : nil
        case "ug/m3":
            return ["pm1": "pm1", "pm2_5": "pm25", "pm25": "pm25", "pm10": "pm10"][name]
        case "m/s", "km/h", "[mi_i]/h", "[kn_i]": return name.contains("wind") ? "wind_speed" : nil
        case "mm": return name.contains("rain") || name.contains("precipitation") ? "precipitation" : nil
        default: return nil
        }
    }

    private static let vocParts = "volatile_organic_compounds_parts"

    /// By UCUM code; the class is nil where only the name tells.
    private static let units: [String: (unit: String, deviceClass: String?)] = [
        "Cel": ("°C", "temperature"), "[degF]": ("°F", "temperature"), "K": ("K", "temperature"), "%": ("%", nil),
        "Pa": ("Pa", "pressure"), "hPa": ("hPa", "pressure"), "kPa": ("kPa", "pressure"), "mbar": ("mbar", "pressure"),
        "bar": ("bar", "pressure"), "mm[Hg]": ("mmHg", "pressure"), "[in_i'Hg]": ("inHg", "pressure"),
        "[psi]": ("psi", "pressure"), "[ppm]": ("ppm", nil), "[ppb]": ("ppb", nil), "ug/m3": ("µg/m³", nil),
        "mg/m3": ("mg/m³", nil), "V": ("V", "voltage"), "mV": ("mV", "voltage"), "uV": ("µV", "voltage"),
        "A": ("A", "current"), "mA": ("mA", "current"), "W": ("W", "power"), "kW": ("kW", "power"),
        "kW.h": ("kWh", "energy"), "W.h": ("Wh", "energy"), "V.A": ("VA", "apparent_power"),
        "var": ("var", "reactive_power"), "Hz": ("Hz", "frequency"), "lx": ("lx", "illuminance"),
        "s": ("s", "duration"), "ms": ("ms", "duration"), "min": ("min", "duration"), "h": ("h", "duration"),
        "dB[mW]": ("dBm", "signal_strength"), "dB": ("dB", nil), "m/s": ("m/s", "speed"), "km/h": ("km/h", "speed"),
        "[mi_i]/h": ("mph", "speed"), "[kn_i]": ("kn", "speed"), "mm": ("mm", "distance"), "cm": ("cm", "distance"),
        "m": ("m", "distance"), "deg": ("°", nil), "Ohm": ("Ω", nil), "kOhm": ("kΩ", nil), "By": ("B", "data_size"),
        "kBy": ("kB", "data_size"), "g": ("g", "weight"), "kg": ("kg", "weight"), "uS/cm": ("µS/cm", "conductivity"),
    ]
}
