public import GatewayModel
public import JSONText

/// The end-to-end acknowledgement that a device may wait for before it forgets a message (field reference, section 4.4).
public struct ReplayAck: Sendable, Equatable {
    /// The device whose topic the message came on.
    public var device: DeviceName
    /// The id in the envelope if it has one: some firmware reports another than the topic's and looks for it in the ack.
    public var reportedID: String?
    /// The device's own message id, verbatim.
    public var messageID: String
    public var seq: UInt64
    /// True: the device may advance its durable tail. False: it retries or gives up, as it likes.
    public var isAccepted: Bool
    /// Why not; nil if it is accepted.
    public var reason: String?

    public init(device: DeviceName, messageID: String, seq: UInt64, isAccepted: Bool = true, reason: String? = nil) {
        self.device = device
        self.messageID = messageID
        self.seq = seq
        self.isAccepted = isAccepted
        self.reason = reason
    }

    /// The JSON of the contract, for `mycosoft/devices/{id}/replay-ack`; `at` is when the record was committed.
    public func text(at time: Timestamp) -> String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("deviceId")
        writer.string(reportedID ?? device.text)
        writer.key("msgId")
        writer.string(messageID)
        writer.key("seq")
        writer.unsigned(seq)
        writer.key("accepted")
        writer.bool(isAccepted)
        writer.key("reason")
        if let reason { writer.string(reason) } else { writer.null() }
        writer.key("ackedAtUtc")
        writer.string(RFC3339.text(time.milliseconds))
        writer.endObject()
        return writer.text
    }

    /// Reads an ack in the camelCase of the contract or the snake_case of HTTP bodies; nil if it is none.
    public init?(_ value: JSONValue) {
        guard let id = (value["deviceId"] ?? value["device_id"])?.utf8, let device = DeviceName(utf8: id),
            let messageID = (value["msgId"] ?? value["msg_id"])?.string, let seq = value["seq"]?.uint64,
            let isAccepted = value["accepted"]?.bool
        else { return nil }
        self.init(
            device: device, messageID: messageID, seq: seq, isAccepted: isAccepted, reason: value["reason"]?.string)
    }
}
