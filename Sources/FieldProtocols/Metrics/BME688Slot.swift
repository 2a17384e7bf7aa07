/// Which of the two sensors of a board: `a` is AMB at I2C address 0x77, `b` is ENV at 0x76.
public enum BME688Slot: Int, Sendable, CaseIterable {
    case a, b

    /// The first part of the metric's name.
    public var prefix: String { self == .a ? "bme688_a" : "bme688_b" }

    /// From the sensor's I2C address.
    public init?(address: Int) {
        switch address {
        case 0x77: self = .a
        case 0x76: self = .b
        default: return nil
        }
    }

    /// From what names a slot where a slot is expected: `a`, `AMB`, `ambient`, `0x77`, `bme1` and their counterparts.
    public init?(label: String) {
        switch label.lowercased() {
        case "a", "amb", "ambient", "0x77", "bme1", "1": self = .a
        case "b", "env", "environment", "0x76", "bme2", "2": self = .b
        default: return nil
        }
    }

    /// From a key that names the chip as well: `bme688_a`, `bme688_ambient`, `BME690_env`, `bme1` …
    public init?(key: String) {
        let key = key.lowercased()
        if key == "bme1" || key == "bme2" {
            self.init(label: key)
            return
        }
        for chip in ["bme688", "bme690", "bme680"] where key.hasPrefix(chip) {
            let rest = key.dropFirst(chip.count)
            guard let separator = rest.first, separator == "_" || separator == "." || separator == "-" else {
                return nil
            }
            self.init(label: String(rest.dropFirst()))
            return
        }
        return nil
    }
}
