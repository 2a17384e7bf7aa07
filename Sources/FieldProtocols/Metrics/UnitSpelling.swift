public import GatewayModel

/// Units as devices spell them, by their UCUM codes.
public enum UnitSpelling {
    private static let codes: [String: String] = [
        "": "", "c": "Cel", "°c": "Cel", "degc": "Cel", "celsius": "Cel", "cel": "Cel",
        "f": "[degF]", "°f": "[degF]", "k": "K",
        "%": "%", "%rh": "%", "%el": "%", "/": "1", "rh": "%", "pct": "%", "percent": "%",
        "pa": "Pa", "hpa": "hPa", "kpa": "kPa", "mbar": "mbar",
        "ohm": "Ohm", "ohms": "Ohm", "ω": "Ohm", "kohm": "kOhm",
        "ppm": "[ppm]", "[ppm]": "[ppm]", "ppb": "[ppb]", "[ppb]": "[ppb]",
        "v": "V", "mv": "mV", "uv": "uV", "µv": "uV", "a": "A", "ma": "mA", "w": "W",
        "s": "s", "sec": "s", "ms": "ms", "us": "us", "min": "min", "h": "h",
        "dbm": "dB[mW]", "db[mw]": "dB[mW]", "db": "dB",
        "ug/m3": "ug/m3", "µg/m3": "ug/m3", "µg/m³": "ug/m3", "ug/m³": "ug/m3",
        "m/s": "m/s", "deg": "deg", "°": "deg", "hz": "Hz", "lux": "lx", "lx": "lx", "nm": "nm", "mm": "mm", "m": "m",
        "mmhg": "mm[Hg]", "mm[hg]": "mm[Hg]", "inhg": "[in_i'Hg]", "psi": "[psi]", "bar": "bar",
        "kwh": "kW.h", "kw.h": "kW.h", "wh": "W.h", "w.h": "W.h", "va": "V.A", "v.a": "V.A", "var": "var", "kw": "kW",
        "km/h": "km/h", "mph": "[mi_i]/h", "mi/h": "[mi_i]/h",
        "kn": "[kn_i]", "cm": "cm", "mg/m3": "mg/m3", "mg/m³": "mg/m3",
        "µs/cm": "uS/cm", "us/cm": "uS/cm", "kby": "kBy", "b": "By", "by": "By", "kb": "kBy", "mah": "mA.h",
        "m³": "m3", "m3": "m3", "m^3": "m3", "m³/h": "m3/h", "m3/h": "m3/h", "ft": "[ft_i]", "gal": "[gal_us]",
        "l/min": "L/min", "mm/h": "mm/h", "#": "1",
        "1": "1", "index": "1", "count": "1", "counts": "1", "bool": "1", "g": "g", "kg": "kg", "l": "L",
    ]

    /// The unit that `spelling` stands for: a known one by its UCUM code, any other as it is, `none` if it cannot be one.
    public static func unit(_ spelling: String) -> Unit {
        Unit(code(of: spelling) ?? spelling) ?? .none
    }

    /// As the other, for a spelling that `device` has sent; nil if it cannot be a unit, or if the device has invented as
    /// many as one may.
    public static func unit(_ spelling: String, by device: DeviceName) -> Unit? {
        if let code = code(of: spelling) { return Unit(code) }
        return Unit(spelling, by: device)
    }

    /// The code of a known spelling. UCUM tells upper from lower case: one that is a code already stands for itself.
    private static func code(of spelling: String) -> String? {
        known.contains(spelling) ? spelling : codes[spelling.lowercased()]
    }

    /// Entered before any unit that a device invents, so that those cannot take their room.
    private static let known = Set(codes.values.filter { Unit($0) != nil })
}
