public import GatewayModel

/// What a message turned out to be. Observations and notes stand in the batch; the rest is told here.
///
/// It is handed on by each family that is asked for a message, so what is large and rare in it stands elsewhere.
public enum Verdict: Sendable, Equatable {
    /// One observation was appended. The ack, if the device can use one, is published after the commit.
    case observation(DeviceName, replayAck: ReplayAck?)
    /// One note was appended.
    case note
    indirect case presence(DeviceName, DevicePresence)
    indirect case commandAck(DeviceName, CommandAnswer)
    /// A topic family has taken it in; what there was to keep stands in the batch and in `TopicEffects`.
    case taken
    /// Nothing was appended. The device is told if the topic names one.
    case rejected(reason: RejectReason, device: DeviceName?)
    /// The topic is of no family that is known here.
    case unclaimed
}

/// What a device says of itself on a presence, status or heartbeat topic.
public struct DevicePresence: Sendable, Equatable {
    /// Nil if it says nothing of it.
    public var isOnline: Bool?
    public var displayName: String?
    public var role: String?
    public var firmware: String?
    public var boardType: String?
    /// The id in the payload if it is another than the topic's.
    public var reportedID: String?
    public var sensors: [String] = []
    public var capabilities: [String] = []
    /// Other texts, numbers and flags of the top level, as text.
    public var attributes: [String: String] = [:]
    /// Told by a retained message, or by the broker in the device's name: the device was not heard now.
    public var isOld = false
    /// Whoever told it will also tell when the device goes: a will at the broker, or a bridge that watches. Until then its
    /// silence means little.
    public var isWatched = false
    /// The same is true of the devices that are known to be behind this one, whose ids go on from its with `:`.
    public var isOfThoseBehind = false
    /// How long values of these metrics are good for, in milliseconds; nil: for ever.
    public var expiries: [MetricName: Int64?] = [:]

    public init() {}
}

/// A device's answer to a command.
public struct CommandAnswer: Sendable, Equatable {
    /// The id under which the command was sent; nil if the device does not tell.
    public var requestID: String?
    public var isOK: Bool
    /// What the device says: a text, or JSON on one line; nil if nothing.
    public var result: String?
    /// A gateway has sent it; that the device has it is not known. Ends only commands that ask for no more.
    public var isTransmissionOnly = false
    /// The network server that tells of it. Others may use it too: what they have sent is no command of ours.
    public var networkServer: String?

    public init(requestID: String?, isOK: Bool, result: String?) {
        self.requestID = requestID
        self.isOK = isOK
        self.result = result
    }
}
