import YAMLText

/// `serial`: the ports with boards on them.
public struct SerialSection: Sendable {
    /// Who talks to the board.
    public enum Driver: String, CaseIterable, Sendable {
        case mycobrain
    }

    /// One configured port.
    public struct Port: Sendable, Equatable {
        /// Where it is, who talks on it, and how fast.
        public var path: String
        public var driver: Driver
        public var baud: Int
    }

    /// Find boards by their USB vendor.
    public var auto: Bool
    public var ports: [Port]

    static let bauds = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600]

    init(_ section: YAMLSection) {
        auto = section.flag("auto", default: false)
        ports = section.sections("ports", countMax: 512) { section in
            let baudNames = Self.bauds.map(String.init).joined(separator: ", ")
            return Port(
                path: section.requiredValue(
                    "path", accepted: "the absolute path of a device, best below /dev/serial/by-id"
                ) {
                    $0.text.flatMap { $0.hasPrefix("/") && $0.utf8.count <= 1_024 ? $0 : nil }
                } ?? "",
                driver: section.choice("driver", default: Driver.mycobrain),
                baud: section.value("baud", accepted: baudNames) {
                    $0.integer.flatMap { Self.bauds.contains($0) ? $0 : nil }
                } ?? 115_200)
        }
        var paths: Set<String> = []
        for port in ports where !paths.insert(port.path).inserted {
            section.reject("ports", .conflict, "the path \(port.path) is given twice")
        }
    }
}
