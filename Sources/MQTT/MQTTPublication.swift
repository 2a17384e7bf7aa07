/// A message to publish.
public struct MQTTPublication: Sendable {
    /// The qualities of service, by their numbers in the standard.
    public enum QoS: UInt8, Sendable {
        case atMostOnce = 0
        case atLeastOnce = 1
        case exactlyOnce = 2
    }

    /// The MQTT 5 properties that a publisher may want; nil and empty are not sent.
    public struct Properties: Sendable {
        /// Seconds after which the broker drops the message if it could not deliver it.
        public var expiry: UInt32?
        public var contentType: String?
        public var responseTopic: String?
        public var correlation: [UInt8] = []
        public var user: [(name: String, value: String)] = []

        public init() {}

        var isEmpty: Bool {
            expiry == nil && contentType == nil && responseTopic == nil && correlation.isEmpty && user.isEmpty
        }
    }

    /// Where to, what, and how.
    public var topic: String
    public var payload: [UInt8]
    public var qos: QoS
    public var retain: Bool
    public var properties = Properties()
    /// When it expires, in milliseconds of the monotonic clock: it does not leave the outbox any more then, and the broker
    /// is told what is left of its time. Nil: never.
    public var deadline: Int64?

    public init(topic: String, payload: [UInt8], qos: QoS = .atLeastOnce, retain: Bool = false) {
        self.topic = topic
        self.payload = payload
        self.qos = qos
        self.retain = retain
    }

    public init(topic: String, text: String, qos: QoS = .atLeastOnce, retain: Bool = false) {
        self.init(topic: topic, payload: Array(text.utf8), qos: qos, retain: retain)
    }
}
