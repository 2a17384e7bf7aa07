internal import CMosquitto

/// An MQTT 5 reason code (section 2.4 of the standard): 128 and above are failures.
public struct MQTTReason: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The request was done.
    public static let success = MQTTReason(rawValue: 0)
    /// The broker accepted a publication that nobody subscribes to.
    public static let noMatchingSubscribers = MQTTReason(rawValue: 16)
    public static let malformedPacket = MQTTReason(rawValue: 129)
    public static let badUserNameOrPassword = MQTTReason(rawValue: 134)
    public static let notAuthorized = MQTTReason(rawValue: 135)
    /// Somebody else connected under our client id.
    public static let sessionTakenOver = MQTTReason(rawValue: 142)
    public static let packetTooLarge = MQTTReason(rawValue: 149)
    public static let quotaExceeded = MQTTReason(rawValue: 151)

    /// Whether the request was not done.
    public var isFailure: Bool { rawValue >= 128 }

    /// The words of libmosquitto and the number: `Not authorized (135)`.
    public var description: String {
        let words = mosquitto_reason_string(rawValue).map { String(cString: $0) } ?? "unknown reason"
        return "\(words) (\(rawValue))"
    }
}
