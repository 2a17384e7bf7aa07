/// Which of the two sensors of a board, and of which make: `a` is AMB at I2C address 0x77, `b` is ENV at 0x76.
public enum BME688Slot: Int, Sendable, CaseIterable {
    case a, b
    /// The same places with a BME690 in them: other calibration, same quantities.
    case a690, b690

    /// The make of the sensor. All answer chip id 0x61; the variant at register 0xF0 tells them apart.
    public enum Chip: Sendable {
        case bme688, bme690

        /// From the variant id: 2 is a BME690.
        public init(variantID: Int64) { self = variantID == 2 ? .bme690 : .bme688 }

        /// From a name such as `BME690`; nil if it names none.
        public init?(name: String) {
            switch name.lowercased() {
            case "bme688", "bme680": self = .bme688
            case "bme690": self = .bme690
            default: return nil
            }
        }
    }

    /// The first part of the metric's name.
    public var prefix: String {
        switch self {
        case .a: "bme688_a"
        case .b: "bme688_b"
        case .a690: "bme690_a"
        case .b690: "bme690_b"
        }
    }

    /// The same place with this sensor in it.
    public func with(_ chip: Chip) -> BME688Slot {
        switch (self, chip) {
        case (.a, .bme688), (.a690, .bme688): .a
        case (.b, .bme688), (.b690, .bme688): .b
        case (.a, .bme690), (.a690, .bme690): .a690
        case (.b, .bme690), (.b690, .bme690): .b690
        }
    }

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
        for name in ["bme688", "bme690", "bme680"] where key.hasPrefix(name) {
            let rest = key.dropFirst(name.count)
            guard let separator = rest.first, separator == "_" || separator == "." || separator == "-",
                let slot = BME688Slot(label: String(rest.dropFirst())), let chip = Chip(name: name)
            else { return nil }
            self = slot.with(chip)
            return
        }
        return nil
    }
}
