internal import CSerialPort

/// The serial ports of the box with what identifies them.
public enum PortList {
    /// Every port that libserialport enumerates, with its udev links, and every configured path that is not among them:
    /// pseudo terminals, links to them, and ports that are unplugged. Sorted by path. Opens no port that is in use.
    ///
    /// - Throws: `SerialError.listing`.
    public static func ports(configuredPaths: [String] = []) throws(SerialError) -> [PortEntry] {
        var entries = try enumerated()
        for path in configuredPaths {
            let number = PortPath.deviceNumber(path)
            if let index = entries.firstIndex(where: { number != nil ? $0.deviceNumber == number : $0.path == path }) {
                entries[index].configuredPaths.append(path)
                // A port with nothing of its own to go by is named by the path that somebody chose for it.
                if entries[index].configuredPaths.count == 1, case .path = entries[index].identity {
                    entries[index].identity = .named(by: path)
                }
                continue
            }
            entries.append(.unlisted(path))
        }
        return entries.sorted { $0.path < $1.path }
    }

    /// The entry of one configured path, as `ports(configuredPaths:)` gives it.
    public static func port(at path: String) throws(SerialError) -> PortEntry? {
        try ports(configuredPaths: [path]).first { $0.configuredPaths.contains(path) }
    }

    private static func enumerated() throws(SerialError) -> [PortEntry] {
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let result = sp_list_ports(&list)
        guard result == SP_OK, let list else { throw .listing(code: Int32(result.rawValue)) }
        defer { sp_free_port_list(list) }
        let byID = PortPath.links(in: PortPath.byIDFolder)
        let byPath = PortPath.links(in: PortPath.byPathFolder)
        var entries: [PortEntry] = []
        var next = list
        while let port = next.pointee {
            defer { next += 1 }
            guard let name = sp_get_port_name(port) else { continue }
            let path = String(cString: name)
            entries.append(
                PortEntry(
                    path: path, isPresent: true, deviceNumber: PortPath.deviceNumber(path), usb: usbIdentity(of: port),
                    byIDLinks: byID[path] ?? [], byPathLinks: byPath[path] ?? [], configuredPaths: [],
                    identity: .path(path)))
        }
        return identified(entries)
    }

    private static func usbIdentity(of port: OpaquePointer) -> USBIdentity? {
        var vendor: Int32 = 0
        var product: Int32 = 0
        guard sp_get_port_transport(port) == SP_TRANSPORT_USB,
            sp_get_port_usb_vid_pid(port, &vendor, &product) == SP_OK,
            let vendorID = UInt16(exactly: vendor), let productID = UInt16(exactly: product)
        else { return nil }
        var bus: Int32 = 0
        var address: Int32 = 0
        _ = sp_get_port_usb_bus_address(port, &bus, &address)
        return USBIdentity(
            vendorID: vendorID, productID: productID, serialNumber: text(sp_get_port_usb_serial(port)),
            manufacturer: text(sp_get_port_usb_manufacturer(port)), product: text(sp_get_port_usb_product(port)),
            bus: Int(bus), address: Int(address))
    }

    private static func text(_ characters: UnsafeMutablePointer<CChar>?) -> String? {
        guard let characters else { return nil }
        let text = String(cString: characters)
        return text.isEmpty ? nil : text
    }

    /// Gives each entry the best identity that no other entry has too.
    static func identified(_ entries: [PortEntry]) -> [PortEntry] {
        entries.map { entry in
            var entry = entry
            entry.identity = identity(of: entry, among: entries)
            return entry
        }
    }

    private static func identity(of entry: PortEntry, among entries: [PortEntry]) -> PortIdentity {
        if let usb = entry.usb, let serial = usb.serialNumber, usb.hasDistinctiveSerialNumber {
            let namesakes = entries.filter { $0.path != entry.path && $0.usb?.serialNumber == serial }
            if namesakes.isEmpty { return .usbSerial(serial) }
            let isOneDevice = namesakes.allSatisfy { $0.usb?.bus == usb.bus && $0.usb?.address == usb.address }
            // Several ports of one board differ in the interface number, which the by-id name ends in.
            if isOneDevice, let link = entry.byIDLinks.first { return .byID(link) }
            return entry.byPathLinks.first.map(PortIdentity.topology) ?? .path(entry.path)
        }
        // Without a serial number of its own the by-id name is that of every unit of the model.
        if entry.usb != nil, let link = entry.byPathLinks.first { return .topology(link) }
        if let link = entry.byIDLinks.first { return .byID(link) }
        return entry.byPathLinks.first.map(PortIdentity.topology) ?? .path(entry.path)
    }
}
