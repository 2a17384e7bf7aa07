/// Which sensor of Bosch's gas sensor family: register 0xF0. All of them answer 0x61 as chip id at 0xD0.
///
/// Layout of the calibration and formulas differ: one taken for the other gives plausible values that are wrong.
public enum BoschVariant: UInt8, Sendable, CaseIterable {
    case bme680 = 0
    case bme688 = 1
    case bme690 = 2

    /// As on the package: `BME690`.
    public var name: String {
        switch self {
        case .bme680: "BME680"
        case .bme688: "BME688"
        case .bme690: "BME690"
        }
    }

    /// From the name on the package, in any case.
    public init?(name: String) {
        let name = name.uppercased()
        guard let variant = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = variant
    }
}
