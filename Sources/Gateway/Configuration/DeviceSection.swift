import Crypto
public import Drivers
public import FieldProtocols
public import GatewayModel
import YAMLText

/// One entry of `devices`: what the site knows of a device before it speaks.
public struct DeviceSection: Sendable {
    public var alias: String
    public var id: DeviceID
    public var match: Match
    /// Ed25519, 32 bytes.
    public var publicKey: [UInt8]?
    /// How its payloads are read, where that is not the way of its transport.
    public var profile: PlacedProfile?
    /// What its types of Cayenne LPP mean, where that is not the usual; nil if all are as usual.
    public var cayenne: CayenneTable?
    /// Refuse what this device sends unsigned.
    public var requiresSignature: Bool

    /// How a device is recognised; any one that fits is enough.
    public struct Match: Sendable {
        public var usbSerial: String?
        public var byID: String?
        public var usb: String?
        public var path: String?
        public var reportedID: String?
        /// Of a LoRa device, or of a gateway of packet forwarders.
        public var deviceEUI: LoRaEUI?
    }

    init(_ section: YAMLSection, _ library: ProfileLibrary) {
        let id = section.requiredValue(
            "alias", accepted: "1…128 bytes without white space and none of / + # \" \\"
        ) { $0.text.flatMap { DeviceID($0) } }
        self.id = id ?? .placeholder
        alias = self.id.text
        match =
            section.section("match") { section in
                Match(
                    usbSerial: section.text("usb_serial"), byID: section.text("by_id"),
                    usb: section.value("usb", accepted: "VENDOR:PRODUCT, four hexadecimal digits each") {
                        $0.text.flatMap { Self.isModel($0) ? $0 : nil }
                    }, path: section.text("path"),
                    reportedID: section.text("reported_id"),
                    deviceEUI: section.value("dev_eui", accepted: LoRaSection.euiForm) {
                        $0.text.flatMap { LoRaEUI(text: $0) }
                    })
            } ?? Match()
        publicKey = section.value("public_key", accepted: "an Ed25519 public key: 32 bytes in base64 or hex") { node in
            // Hex first: 64 of its digits are base64 too, of 48 other bytes.
            guard let text = node.text else { return nil }
            return [Hex.decode(text), Base64.decode(text)].lazy.compactMap { $0 }.first { $0.count == 32 }
        }
        profile = section.profile("profile", from: library, of: ["lines", "binary", "modbus", "mqtt", "lorawan"])
        cayenne = Self.cayenne(section)
        if let publicKey, TestKeys.all.contains(Hex.encode(publicKey)) {
            section.reject("public_key", .conflict, "a published test key, which anybody can sign with")
        }
        requiresSignature = section.flag("require_signature", default: false)
        if requiresSignature, publicKey == nil {
            section.reject("require_signature", .conflict, "needs `public_key`")
        }
    }

    private static func cayenne(_ section: YAMLSection) -> CayenneTable? {
        let entries = section.sections("cayenne", countMax: 256) { section -> (type: Int, field: CayenneField?) in
            let type = section.requiredInteger("type", in: 0...255)
            let field = CayenneField(
                custom: section.requiredText("name", length: 1...64), form: section.requiredText("form", length: 2...3),
                divisor: section.number("divisor", in: 1e-9...1e9) ?? 1,
                unit: section.text("unit", length: 0...32) ?? "")
            if field == nil {
                section.reject(
                    "form", .outOfRange,
                    "accepted u8 s8 u16 s16 u24 s24 u32 s32, with a `name` of a-z 0-9 _ and a UCUM `unit`")
            }
            return (type, field)
        }
        guard !entries.isEmpty else { return nil }
        var table = CayenneTable.standard
        for (type, field) in entries { table[UInt8(truncatingIfNeeded: type)] = field }
        return table
    }

    private static func isModel(_ text: String) -> Bool {
        let ids = text.split(separator: ":", omittingEmptySubsequences: false)
        return ids.count == 2 && ids.allSatisfy { $0.utf8.count == 4 && UInt16($0, radix: 16) != nil }
    }

    /// Keys whose secret halves are published in test vectors: never to be trusted.
    enum TestKeys {
        static let all: Set<String> = [
            "e0fcbd1fd8dfd5375060e10263fb6fc0e82d98cb3a9966f4400805954842e86a",
            "5ba0a98f2df489cc960d4d764be9d4bbd49b8e1c18c853734ad07e05462c1c71",
        ]
    }
}
