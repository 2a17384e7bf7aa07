/// What Tasmota's members are called here, and in which unit (tasmota/docs: JSON status responses).
enum TasmotaNames {
    /// Marks of values whose unit the message tells: `TempUnit`, `PressureUnit`, `SpeedUnit`.
    static let temperature: UInt8 = 1
    static let pressure: UInt8 = 2
    static let speed: UInt8 = 3
    /// A switch, written ON or OFF.
    static let isSwitch: UInt8 = 4

    static func naming(_ prefix: String, _ key: String, _ shape: FlatFields.Shape) -> FlatFields.Naming {
        if shape == .object { return group(prefix, key) }
        if prefix.isEmpty, let naming = atRoot(key) { return naming }
        if prefix == "wifi." { return inWifi(key) }
        if let (name, unit, mark) = table[key] {
            return name.isEmpty ? .ignored : .field(prefix + name, unit: unit, mark: mark)
        }
        return .field(prefix + ForeignName.snakeCase(key))
    }

    private static func group(_ prefix: String, _ key: String) -> FlatFields.Naming {
        switch key {
        case "Berry", "Dns": return .ignored
        case "StatusSNS", "StatusSTS": return .group(prefix)
        default: break
        }
        // A sensor that tells its id keeps its name when others come and go: `DS18B20-1` may become `-2`.
        if let mark = key.firstIndex(of: "#") {
            let kind = key[..<mark].split(separator: "-").first ?? key[..<mark]
            return .group("\(prefix)\(ForeignName.snakeCase(String(kind)))_\(key[key.index(after: mark)...]).")
        }
        return .group("\(prefix)\(ForeignName.snakeCase(key)).")
    }

    private static func atRoot(_ key: String) -> FlatFields.Naming? {
        switch key {
        case "Time", "Epoch", "TempUnit", "PressureUnit", "SpeedUnit", "Uptime", "SleepMode", "Sleep", "MqttCount",
            "Hostname", "IPAddress":
            return .ignored
        case "UptimeSec": return .field("sys.uptime", unit: "s")
        case "Heap": return .field("sys.free_heap", unit: "kBy")
        case "LoadAvg": return .field("sys.load_average", unit: "1")
        case "Vcc": return .field("sys.supply", unit: "V")
        default: break
        }
        let name = key.lowercased()
        guard name.hasPrefix("power") || name.hasPrefix("switch"), name.utf8.count <= 8 else { return nil }
        return .field(name, mark: isSwitch)
    }

    private static func inWifi(_ key: String) -> FlatFields.Naming {
        switch key {
        case "Signal": .field("wifi.rssi", unit: "dBm")
        case "RSSI": .field("wifi.quality", unit: "%")
        default: .ignored
        }
    }

    /// Empty names are left out.
    private static let table: [String: (name: String, unit: String, mark: UInt8)] = [
        "Id": ("", "", 0), "Time": ("", "", 0), "TotalStartTime": ("", "", 0),
        "Temperature": ("temperature", "", temperature), "DewPoint": ("dew_point", "", temperature),
        "HeatIndex": ("heat_index", "", temperature), "Humidity": ("humidity", "%", 0),
        "Pressure": ("pressure", "", pressure), "SeaPressure": ("sea_pressure", "", pressure),
        "Gas": ("gas_resistance", "kOhm", 0), "CarbonDioxide": ("co2", "ppm", 0), "CO2": ("co2", "ppm", 0),
        "eCO2": ("co2_equivalent", "ppm", 0), "TVOC": ("tvoc", "ppb", 0), "Illuminance": ("illuminance", "lx", 0),
        "Noise": ("noise", "dB", 0), "Distance": ("distance", "cm", 0), "Moisture": ("moisture", "%", 0),
        "PM1": ("pm1", "ug/m3", 0), "PM2.5": ("pm2_5", "ug/m3", 0), "PM10": ("pm10", "ug/m3", 0),
        "CF1": ("cf1", "ug/m3", 0), "CF2.5": ("cf2_5", "ug/m3", 0), "CF10": ("cf10", "ug/m3", 0),
        "Total": ("total", "kW.h", 0), "Yesterday": ("yesterday", "kW.h", 0), "Today": ("today", "kW.h", 0),
        "Period": ("period", "W.h", 0), "Power": ("power", "W", 0), "ApparentPower": ("apparent_power", "V.A", 0),
        "ReactivePower": ("reactive_power", "var", 0), "Factor": ("factor", "1", 0), "Voltage": ("voltage", "V", 0),
        "Current": ("current", "A", 0), "Frequency": ("frequency", "Hz", 0), "ExportActive": ("export", "kW.h", 0),
        "WindSpeed": ("wind_speed", "", speed), "Speed": ("speed", "", speed), "Dimmer": ("dimmer", "%", 0),
    ]
}
