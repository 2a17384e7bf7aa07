public import Drivers
public import FieldProtocols
public import Serial
import YAMLText

/// `serial`: the ports with devices on them.
public struct SerialSection: Sendable {
    /// One configured port.
    public struct Port: Sendable, Equatable {
        /// Where it is, who talks on it, and how the line is set.
        public var path: String
        public var driver: PortTalkKind
        public var settings: LineSettings
        /// The name of the entry of `instruments` that says how the instrument there is run.
        public var instrument: String?
        /// What describes the device, with `driver: profile`.
        public var profile: PlacedProfile?
        /// How a LoRa modem there is set.
        public var radio: ModemRadio
    }

    /// Find boards by their USB vendor.
    public var auto: Bool
    public var ports: [Port]

    static let bauds = [1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600]

    init(_ section: YAMLSection, _ library: ProfileLibrary) {
        auto = section.flag("auto", default: false)
        ports = section.sections("ports", countMax: 512) { section in
            let driver = section.choice("driver", default: PortTalkKind.mycobrain)
            let profile = section.profile(
                "profile", from: library, of: ["lines", "binary"], isRequired: driver == .profile)
            if profile != nil, driver != .profile {
                section.reject("profile", .conflict, "goes with `driver: profile`")
            }
            return Port(
                path: section.requiredValue(
                    "path", accepted: "the absolute path of a device, best below /dev/serial/by-id"
                ) {
                    $0.text.flatMap { $0.hasPrefix("/") && $0.utf8.count <= 1_024 ? $0 : nil }
                } ?? "",
                driver: driver,
                settings: Self.settings(section, usual: profile?.profile.lineSettings ?? driver.settings),
                instrument: section.text("instrument", length: 1...64), profile: profile,
                radio: section.section("radio", Self.radio) ?? ModemRadio())
        }
        var paths: Set<String> = []
        for port in ports where !paths.insert(port.path).inserted {
            section.reject("ports", .conflict, "the path \(port.path) is given twice")
        }
    }

    private static func radio(_ section: YAMLSection) -> ModemRadio {
        let usual = ModemRadio()
        return ModemRadio(
            frequencyHertz: section.integer(
                "frequency", in: 100_000_000...2_500_000_000, default: usual.frequencyHertz),
            spreadingFactor: section.integer("spreading_factor", in: 5...12, default: usual.spreadingFactor),
            bandwidthHertz: section.value("bandwidth", accepted: "125000, 250000, 500000") {
                $0.integer.flatMap { [125_000, 250_000, 500_000].contains($0) ? $0 : nil }
            } ?? usual.bandwidthHertz,
            codingRate: section.value("coding_rate", accepted: "4/5, 4/6, 4/7, 4/8") { node in
                node.text.flatMap { ["4/5": 5, "4/6": 6, "4/7": 7, "4/8": 8][$0] }
            } ?? usual.codingRate,
            preamble: section.integer("preamble", in: 4...65_535, default: usual.preamble),
            power: section.integer("power", in: -10...30, default: usual.power))
    }

    static func settings(_ section: YAMLSection, usual: LineSettings) -> LineSettings {
        var settings = usual
        let baudNames = bauds.map(String.init).joined(separator: ", ")
        settings.baud =
            section.value("baud", accepted: baudNames) {
                $0.integer.flatMap { bauds.contains($0) ? $0 : nil }
            } ?? usual.baud
        settings.parity = section.choice("parity", default: usual.parity)
        settings.stopBits = section.choice("stop_bits", default: usual.stopBits)
        return settings
    }
}
