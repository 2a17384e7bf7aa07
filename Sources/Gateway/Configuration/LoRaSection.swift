public import FieldProtocols
public import YAMLText

/// `lora`: gateways that report to this one, and devices that are read without a network server.
public struct LoRaSection: Sendable {
    /// `lora.semtech`: the UDP port of Semtech packet forwarders.
    public struct Semtech: Sendable {
        public var listen: Address
        public var gateways: [LoRaEUI]
    }

    /// `lora.stations`: the WebSocket port of LoRa Basics Stations.
    public struct Stations: Sendable {
        public var listen: Address
        public var gateways: [LoRaEUI]
        public var plan: ChannelPlan
        public var certificate: String?
        public var key: String?
    }

    /// A device activated by personalisation.
    public struct Device: Sendable {
        public var eui: LoRaEUI
        public var address: UInt32
        public var networkKey: SecretReference?
        public var applicationKey: SecretReference?
        public var acceptsRestart: Bool
        public var isAcknowledged: Bool
    }

    /// Nil: no packet forwarders.
    public var semtech: Semtech?
    /// Nil: no stations.
    public var stations: Stations?
    public var devices: [Device]
    public var region: LoRaRegion
    public var leapSeconds: Int
    public var duplicateWindow: Duration
    public var power: Int

    init(_ section: YAMLSection) {
        let region = section.choice("region", default: LoRaRegion.eu868)
        self.region = region
        leapSeconds = section.integer("leap_seconds", in: 0...60, default: Int(GPSTime.leapSecondsNow))
        devices = section.sections("devices", countMax: 10_000, Self.device)
        duplicateWindow = section.duration(
            "duplicate_window", in: .milliseconds(10)...(.milliseconds(500)), default: .milliseconds(200))
        power = section.integer("power", in: -10...30, default: 14)
        semtech = section.section("semtech") { section in
            Semtech(listen: Self.listen(section, port: 1_700), gateways: Self.gateways(section))
        }
        stations = section.section("stations") { Self.stations($0, region) }
    }

    static let euiForm = "an EUI: 16 hex digits, dashes allowed"

    private static func listen(_ section: YAMLSection, port: Int) -> Address {
        section.value("listen", accepted: "ADDRESS:PORT such as 127.0.0.1:\(port), an address of this box") {
            $0.text.flatMap { Address($0, portMin: 0) }
        } ?? Address(host: "127.0.0.1", port: port)
    }

    private static func gateways(_ section: YAMLSection) -> [LoRaEUI] {
        let gateways = section.values("gateways", countMax: 1_000, accepted: euiForm) {
            $0.text.flatMap { LoRaEUI(text: $0) }
        }
        if gateways?.isEmpty ?? true {
            section.missing(
                "gateways", accepted: "the EUIs of the gateways that are heard; the protocol checks nothing")
        }
        return gateways ?? []
    }

    private static func stations(_ section: YAMLSection, _ region: LoRaRegion) -> Stations {
        let subBand = section.integer("sub_band", in: 1...8)
        if subBand != nil, region == .eu868 {
            section.reject("sub_band", .conflict, "eu868 has none; accepted with us915 and au915")
        }
        let band = region.band
        let channels = section.values("channels", countMax: ChannelPlan.channelCountMax, accepted: "hertz") {
            $0.text.flatMap { Int($0) }
        }
        let plan = ChannelPlan(region, subBand: subBand ?? 1, channels: channels)
        if plan == nil {
            section.reject(
                "channels", .outOfRange,
                "accepted 1…8 different frequencies from \(band.lowerBound) to \(band.upperBound) Hz that two radios hear, each 800 kHz"
            )
        }
        let certificate = section.file("certificate")
        let key = section.file("key")
        if (certificate == nil) != (key == nil) {
            section.reject(
                certificate == nil ? "certificate" : "key", .missingKey, "goes with `certificate` and `key` together")
        }
        return Stations(
            listen: listen(section, port: 6_090), gateways: gateways(section),
            plan: plan ?? .standard(region), certificate: certificate, key: key)
    }

    private static func device(_ section: YAMLSection) -> Device {
        let eui = section.requiredValue("dev_eui", accepted: euiForm) { $0.text.flatMap { LoRaEUI(text: $0) } }
        let address = section.requiredValue("dev_addr", accepted: "8 hex digits") { node -> UInt32? in
            node.text.flatMap { $0.utf8.count == 8 ? UInt32($0, radix: 16) : nil }
        }
        let network = section.presentSecret("nwk_s_key", isOnly: false)
        let application = section.presentSecret("app_s_key", isOnly: false)
        for (key, reference) in [("nwk_s_key", network), ("app_s_key", application)] where reference == nil {
            section.missing(key + "_file", accepted: "\(key)_file: PATH, \(key)_credential: NAME or \(key)_env: NAME")
        }
        return Device(
            eui: eui ?? LoRaEUI(0), address: address ?? 0, networkKey: network, applicationKey: application,
            acceptsRestart: section.flag("accept_counter_restart", default: false),
            isAcknowledged: section.flag("acknowledge", default: true))
    }
}
