internal import GatewayModel

/// Names that mean the same wherever they stand, with their metric and unit. Names that are not here stay as they are.
enum GenericFields {
    static func metric(_ name: String) -> FieldMetric? {
        guard let (metric, unit) = table[name.lowercased()] else { return nil }
        return FieldMetric(MetricName(known: metric), unit: Unit(unit) ?? .none)
    }

    private static let table: [String: (metric: StaticString, unit: String)] = [
        "temperature": ("temperature", "Cel"), "temp_c": ("temperature", "Cel"),
        "temperature_c": ("temperature", "Cel"), "temperature_c_comp": ("temperature", "Cel"),
        "ambient_temperature_c": ("temperature", "Cel"),
        "humidity_pct_comp": ("humidity", "%"), "rh_pct": ("humidity", "%"), "press_hpa": ("pressure", "hPa"),
        "humidity": ("humidity", "%"), "humidity_pct": ("humidity", "%"),
        "pressure": ("pressure", "hPa"), "pressure_hpa": ("pressure", "hPa"),
        "gas_resistance": ("gas_resistance", "Ohm"), "gas_ohm": ("gas_resistance", "Ohm"),
        "gasresistance": ("gas_resistance", "Ohm"), "gas_resistance_ohm": ("gas_resistance", "Ohm"),
        "iaq": ("iaq", "1"), "iaq_accuracy": ("iaq_accuracy", "1"), "static_iaq": ("static_iaq", "1"),
        "co2_equivalent": ("co2_equivalent", "[ppm]"), "eco2_ppm": ("co2_equivalent", "[ppm]"),
        "co2_eq_ppm": ("co2_equivalent", "[ppm]"), "voc_equivalent": ("voc_equivalent", "[ppm]"),
        "siaq": ("static_iaq", "1"), "co2eq": ("co2_equivalent", "[ppm]"),
        "gas_class": ("gas_class", "1"), "gas_probability": ("gas_probability", "1"),
        "gas_percentage": ("gas_percentage", "%"),
        "gas_1": ("gas_1", "1"), "gas_2": ("gas_2", "1"), "gas_3": ("gas_3", "1"), "gas_4": ("gas_4", "1"),
        "co2": ("co2", "[ppm]"), "co2_ppm": ("co2", "[ppm]"), "voc": ("voc", "[ppm]"),
        "pm2_5": ("pm2_5", "ug/m3"), "pm25": ("pm2_5", "ug/m3"), "pm10": ("pm10", "ug/m3"),
        "lux": ("illuminance", "lx"), "wind_speed": ("wind_speed", "m/s"), "wind_dir": ("wind_dir", "deg"),
        "battery_mv": ("battery", "mV"), "battery_v": ("battery_voltage", "V"),
        "battery_pct": ("battery_level", "%"), "batterylevel": ("battery_level", "%"),
        "battery_level": ("battery_level", "%"),
        "soil_moisture": ("soil.moisture", "%"),
        "rssi": ("rssi", "dB[mW]"), "rssi_dbm": ("rssi", "dB[mW]"), "snr": ("snr", "dB"),
        "wifi_rssi": ("wifi.rssi", "dB[mW]"), "wifirssi": ("wifi.rssi", "dB[mW]"),
        "free_heap": ("sys.free_heap", "By"), "freeheap": ("sys.free_heap", "By"), "heap": ("sys.free_heap", "By"),
        "estop": ("sys.estop", ""),
    ]
}
