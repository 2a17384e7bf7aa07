public import FieldProtocols
public import YAMLText

/// `lora`: packet forwarders that report to this gateway.
public struct LoRaSection: Sendable {
    /// `lora.semtech`: the UDP port of Semtech packet forwarders.
    public struct Semtech: Sendable {
        public var listen: Address
        public var gateways: [LoRaEUI]
        public var devices: [Device]
        public var duplicateWindow: Duration
        public var power: Int
    }

    /// A device activated by personalisation.
    public struct Device: Sendable {
        public var eui: LoRaEUI
        public var address: UInt32
        public var networkKey: SecretReference?
        public var applicationKey: SecretReference?
        public var acceptsRestart: Bool
    }

    /// Nil: no packet forwarders.
    public var semtech: Semtech?

    init(_ section: YAMLSection) {
        semtech = section.section("semtech") { section in
            let listen = section.value(
                "listen", accepted: "ADDRESS:PORT such as 127.0.0.1:1700, an address of this box"
            ) {
                $0.text.flatMap { Address($0, portMin: 0) }
            }
            let gateways = section.values("gateways", countMax: 1_000, accepted: Self.euiForm) {
                $0.text.flatMap { LoRaEUI(text: $0) }
            }
            if gateways?.isEmpty ?? true {
                section.missing(
                    "gateways", accepted: "the EUIs of the gateways that are heard; the protocol checks nothing")
            }
            return Semtech(
                listen: listen ?? Address(host: "127.0.0.1", port: 1_700), gateways: gateways ?? [],
                devices: section.sections("devices", countMax: 10_000, Self.device),
                duplicateWindow: section.duration(
                    "duplicate_window", in: .milliseconds(10)...(.milliseconds(500)), default: .milliseconds(200)),
                power: section.integer("power", in: -10...30, default: 14))
        }
    }

    static let euiForm = "an EUI: 16 hex digits, dashes allowed"

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
            acceptsRestart: section.flag("accept_counter_restart", default: false))
    }
}
