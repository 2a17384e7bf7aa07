/// One serial port of the box, or one that is configured and not there.
public struct PortEntry: Sendable, Equatable {
    /// The port itself, such as `/dev/ttyACM0`; the configured path if that leads nowhere now.
    public var path: String
    public var isPresent: Bool
    /// The device number, the same for every path to one port; nil if not present.
    public var deviceNumber: UInt64?
    /// Nil for ports that are not USB, and where the descriptors cannot be read.
    public var usb: USBIdentity?
    /// Names of its links in `/dev/serial/by-id` and `/dev/serial/by-path`.
    public var byIDLinks: [String]
    public var byPathLinks: [String]
    /// The configured paths that lead here.
    public var configuredPaths: [String]
    /// What its records are kept under, whatever number the port has tomorrow.
    public var identity: PortIdentity

    /// The entry of a path that libserialport does not enumerate: a pseudo terminal, a link to one, an unplugged port.
    public static func unlisted(_ path: String) -> PortEntry {
        let number = PortPath.deviceNumber(path)
        return PortEntry(
            path: number == nil ? path : PortPath.resolve(path) ?? path, isPresent: number != nil, deviceNumber: number,
            usb: nil, byIDLinks: [], byPathLinks: [], configuredPaths: [path], identity: .named(by: path))
    }

    /// Whether automatic discovery takes this port for a board.
    public var isDiscoverable: Bool { isPresent && usb?.isBoardVendor == true }
}
