import GatewayModel
import Serial

/// Which device a port is: its configured alias, else a name made of the best identity the port has.
struct DeviceNaming: Sendable {
    private let aliases: [DeviceAlias]

    init(aliases: [DeviceAlias]) { self.aliases = aliases }

    /// Whether a HELLO can change the name, so that readings have to wait for it.
    var dependsOnReportedIDs: Bool { aliases.contains { $0.reportedID != nil } }

    /// The alias that the port itself gives; nil if none does.
    func alias(of port: PortEntry, openedAs path: String) -> DeviceID? {
        aliases.first { fits($0, port, path) }?.device
    }

    /// The alias of a board that reports this id; nil if none does.
    func alias(reportedID: String) -> DeviceID? { aliases.first { $0.reportedID == reportedID }?.device }

    /// The name of a port without an alias. `mycobrain-f412faaabbcc` for an ESP32-S3 with that MAC address.
    static func name(of identity: PortIdentity, prefix: String) -> DeviceID {
        let slug = identity.slug
        let text = slug.hasPrefix(prefix) ? slug : prefix + "-" + slug
        guard let device = DeviceID(text) else { preconditionFailure("slugs are valid in ids") }
        return device
    }

    private func fits(_ alias: DeviceAlias, _ port: PortEntry, _ path: String) -> Bool {
        if let wanted = alias.usbSerial.map(Self.plain) {
            if port.usb?.serialNumber.map(Self.plain) == wanted { return true }
            if case .usbSerial(let serial) = port.identity, Self.plain(serial) == wanted { return true }
        }
        if let wanted = alias.byID.map(Self.lastComponent) {
            let links = port.byIDLinks + (port.configuredPaths + [path]).map(Self.lastComponent)
            if links.contains(wanted) { return true }
        }
        if let wanted = alias.usb, port.usb?.model == wanted.lowercased() { return true }
        if let wanted = alias.path {
            if wanted == path || wanted == port.path || port.configuredPaths.contains(wanted) { return true }
            if let number = port.deviceNumber, PortPath.deviceNumber(wanted) == number { return true }
        }
        return false
    }

    private static func plain(_ serial: String) -> String { serial.lowercased().filter { $0 != ":" } }

    private static func lastComponent(_ path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }
}
