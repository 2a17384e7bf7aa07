/// A message as it arrived. Its bytes belong to libmosquitto and are gone when the receiver returns.
public struct MQTTMessage {
    /// UTF-8 without control characters: libmosquitto has checked it.
    public let topic: UnsafeBufferPointer<UInt8>
    public let payload: UnsafeRawBufferPointer
    /// As delivered: the lower of what was published and what was subscribed.
    public let qos: UInt8
    /// True if the broker kept it from before we subscribed.
    public let retained: Bool
    /// True if the broker has sent it before (DUP): only such a message can be one that we have already.
    public let isRedelivered: Bool

    package init(
        topic: UnsafeBufferPointer<UInt8>, payload: UnsafeRawBufferPointer, qos: UInt8, retained: Bool,
        isRedelivered: Bool = false
    ) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retained = retained
        self.isRedelivered = isRedelivered
    }
}

/// What else happens on a connection, in the order it happened.
public enum MQTTEvent: Sendable, Equatable {
    /// The broker accepted the connection. `resumed`: it still had our session.
    case connected(resumed: Bool)
    /// The answer to one `subscribe`: one reason a filter, failures included.
    case subscribed(id: Int32, [MQTTReason])
    /// A publication is done: written (QoS 0), acknowledged (1) or complete (2).
    case published(id: Int32, MQTTReason)
}
