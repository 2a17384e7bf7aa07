import Drivers
public import GatewayModel
import YAMLText

/// The whole configuration, decoded and validated before anything is started (`docs/reference/configuration.md`).
public struct GatewayConfiguration: Sendable {
    public var gateway: SiteSection
    public var devices: [DeviceSection]
    public var http: HTTPSection
    public var mqtt: MQTTSection
    public var serial: SerialSection
    public var modbus: ModbusSection
    public var lora: LoRaSection
    public var instruments: [InstrumentSection]
    public var drivers: DriversSection
    public var journal: JournalSection
    public var sync: SyncSection
    public var log: LogSection
    /// `data_dir` of the file; `MYCOGATE_DATA_DIR` and `--data-dir` come before it.
    public var dataDirectory: String?

    /// Where a packaged gateway keeps its data.
    public static let dataDirectoryDefault = "/var/lib/mycogate"
    /// Where a packaged gateway's configuration is.
    public static let pathDefault = "/etc/mycogate/gateway.yaml"

    init(_ section: YAMLSection) {
        gateway = section.sectionOrDefaults("gateway", SiteSection.init)
        drivers = section.sectionOrDefaults("drivers", DriversSection.init)
        let library = ProfileLibrary(own: drivers.folders)
        devices = section.sections("devices") { DeviceSection($0, library) }
        http = section.sectionOrDefaults("http", HTTPSection.init)
        mqtt = section.sectionOrDefaults("mqtt") { MQTTSection($0, library) }
        serial = section.sectionOrDefaults("serial") { SerialSection($0, library) }
        modbus = section.sectionOrDefaults("modbus") { ModbusSection($0, library) }
        lora = section.sectionOrDefaults("lora", LoRaSection.init)
        instruments = section.sections("instruments", countMax: 512, InstrumentSection.init)
        journal = section.sectionOrDefaults("journal", JournalSection.init)
        sync = section.sectionOrDefaults("sync", SyncSection.init)
        log = section.sectionOrDefaults("log", LogSection.init)
        dataDirectory = section.text("data_dir")
        checkNames(section)
    }

    /// What one section alone cannot see.
    private func checkNames(_ section: YAMLSection) {
        var aliases: Set<String> = []
        for device in devices where !aliases.insert(device.alias).inserted {
            section.reject("devices", .conflict, "the alias `\(device.alias)` is given twice")
        }
        for path in modbus.serialPaths where serial.ports.contains(where: { $0.path == path }) {
            section.reject("modbus", .conflict, "`\(path)` is in `serial.ports` too: a port has one driver")
        }
        InstrumentSection.check(instruments, on: serial.ports, section)
        if !http.listen.isLoopback, http.advertise == nil, !sync.destinations.isEmpty, http.listen.host == "0.0.0.0" {
            section.reject(
                "http", .missingKey,
                "`advertise` is missing: with `listen: 0.0.0.0` nobody can tell how to reach this box")
        }
    }
}

/// `gateway`: who this box is.
public struct SiteSection: Sendable {
    public var id: DeviceID
    public var site: String?
    public var location: String?
    /// Whether the clock of the box is believed only with evidence, or because the operator says so.
    public var clock: ClockTrust

    /// How the clock of the box is to be taken.
    public enum ClockTrust: String, CaseIterable, Sendable { case checked, trusted }

    init(_ section: YAMLSection) {
        let accepted = "1…64 letters, digits, `-`, `_` and `.`"
        let id = section.requiredValue("id", accepted: accepted) { node -> DeviceID? in
            guard let text = node.text, text.utf8.count <= 64,
                text.utf8.allSatisfy({
                    $0.isLetterOrDigit || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".")
                })
            else { return nil }
            return DeviceID(text)
        }
        self.id = id ?? .placeholder
        site = section.text("site", length: 1...128)
        location = section.text("location", length: 1...256)
        clock = section.choice("clock", default: ClockTrust.checked)
    }
}

extension DeviceID {
    /// Stands in a configuration whose id was refused, and which is never used.
    static let placeholder: DeviceID = {
        guard let id = DeviceID("invalid") else { preconditionFailure("`invalid` is a valid id") }
        return id
    }()
}

extension UInt8 {
    var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
