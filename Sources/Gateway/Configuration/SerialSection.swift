public import Drivers
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
                instrument: section.text("instrument", length: 1...64), profile: profile)
        }
        var paths: Set<String> = []
        for port in ports where !paths.insert(port.path).inserted {
            section.reject("ports", .conflict, "the path \(port.path) is given twice")
        }
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
