/// What makes a port the same port again after unplugging, restarting and renumbering; best first.
public enum PortIdentity: Sendable, Hashable, CustomStringConvertible {
    /// The USB serial number, which on an ESP32-S3 is its MAC address.
    case usbSerial(String)
    /// The name of its link in `/dev/serial/by-id`.
    case byID(String)
    /// The name of its link in `/dev/serial/by-path`: the socket, not the board.
    case topology(String)
    /// The path it was configured by, when nothing better is known.
    case path(String)

    /// Which of the four it is: `usb_serial`, `by_id`, `topology` or `path`.
    public var kind: String {
        switch self {
        case .usbSerial: "usb_serial"
        case .byID: "by_id"
        case .topology: "topology"
        case .path: "path"
        }
    }

    /// The serial number, link name or path itself.
    public var text: String {
        switch self {
        case .usbSerial(let text), .byID(let text), .topology(let text), .path(let text): text
        }
    }

    public var description: String { "\(kind) \(text)" }

    /// The identity as a part of a device id: lower-case letters, digits, `-` and `_`, at most 96 bytes.
    public var slug: String {
        switch self {
        case .usbSerial(let serial): Self.slug(serial.filter { $0 != ":" })
        case .byID(let name), .topology(let name): Self.slug(name)
        case .path(let path): Self.slug(path.hasPrefix("/dev/") ? String(path.dropFirst(5)) : path)
        }
    }

    /// The identity that a path gives by its own name: links of udev carry one, other paths are their own.
    public static func named(by path: String) -> PortIdentity {
        let parts = path.split(separator: "/")
        guard let name = parts.last, parts.count >= 2 else { return .path(path) }
        switch parts[parts.count - 2] {
        case "by-id": return macAddress(inLink: name).map(PortIdentity.usbSerial) ?? .byID(String(name))
        case "by-path": return .topology(String(name))
        default: return .path(path)
        }
    }

    /// The MAC address that udev put into `usb-VENDOR_MODEL_SERIAL-ifNN`, so that a board has one name whether or not its
    /// descriptors can be read (containers hide them).
    private static func macAddress(inLink name: Substring) -> String? {
        guard let last = name.split(separator: "_").last else { return nil }
        let serial = last.prefix { $0 != "-" }
        let octets = serial.split(separator: ":", omittingEmptySubsequences: false)
        guard octets.count == 6, octets.allSatisfy({ $0.utf8.count == 2 && UInt8($0, radix: 16) != nil }) else {
            return nil
        }
        return String(serial)
    }

    private static func slug(_ text: String) -> String {
        var slug: [UInt8] = []
        for byte in text.lowercased().utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                slug.append(byte)
            default:
                if let last = slug.last, last != UInt8(ascii: "-") { slug.append(UInt8(ascii: "-")) }
            }
        }
        while slug.last == UInt8(ascii: "-") { slug.removeLast() }
        if slug.isEmpty { return "port-" + digest(text) }
        guard slug.count > 96 else { return String(decoding: slug, as: UTF8.self) }
        return String(decoding: slug.prefix(79), as: UTF8.self) + "-" + digest(text)
    }

    /// FNV-1a, 64 bit, in hexadecimal: tells long names apart that begin alike.
    private static func digest(_ text: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
