public import GatewayModel

/// A device id that somebody chose for a board, and what the board is recognised by: any one that fits is enough.
public struct DeviceAlias: Sendable, Equatable {
    public var device: DeviceID
    /// The USB serial number, with or without colons, in any case.
    public var usbSerial: String?
    /// The name of a link in `/dev/serial/by-id`, with or without the folder.
    public var byID: String?
    /// The USB vendor and product, `303a:1001`: for the only device of its model on this box.
    public var usb: String?
    /// A path that leads to the port.
    public var path: String?
    /// The id that the firmware reports. Not unique in general; the first board that reports it gets the alias.
    public var reportedID: String?

    public init(
        device: DeviceID, usbSerial: String? = nil, byID: String? = nil, usb: String? = nil, path: String? = nil,
        reportedID: String? = nil
    ) {
        self.device = device
        self.usbSerial = usbSerial
        self.byID = byID
        self.usb = usb
        self.path = path
        self.reportedID = reportedID
    }
}
