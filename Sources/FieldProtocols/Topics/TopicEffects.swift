public import GatewayModel

/// A message that a family wants published.
public struct TopicPublication: Sendable, Equatable {
    public var topic: String
    public var payload: [UInt8]
    public var isRetained: Bool

    public init(topic: String, payload: [UInt8], isRetained: Bool = false) {
        self.topic = topic
        self.payload = payload
        self.isRetained = isRetained
    }
}

/// What a topic family wants of the world beside the records it makes. Done after the message is durable.
public struct TopicEffects: Sendable, Equatable {
    /// A device and what is known of it now.
    public struct Word: Sendable, Equatable {
        public var device: DeviceName
        public var presence: DevicePresence
    }

    /// Sent in their order, with QoS 1.
    public var publications: [TopicPublication] = []
    /// Topics (no wildcards) to be subscribed from now on, also after reconnects; those that come by a filter of the
    /// intake already are left alone.
    public var subscriptions: [String] = []
    /// Topics of earlier `subscriptions` that are wanted no longer.
    public var unsubscriptions: [String] = []
    public var words: [Word] = []
    /// Values that were left out although the rest was taken: the first reason.
    public var dropped: RejectReason?

    public init() {}

    /// Whether there is nothing to do.
    public var isEmpty: Bool {
        publications.isEmpty && subscriptions.isEmpty && unsubscriptions.isEmpty && words.isEmpty && dropped == nil
    }

    /// Tells of `device` that it is there or not.
    public mutating func tell(_ device: DeviceName, _ presence: DevicePresence) {
        words.append(Word(device: device, presence: presence))
    }

    /// Tells of `device` what a will, or whoever watches it, says. `isOld`: by a retained message, so that it was not heard
    /// now; whoever is gone was not heard either. `andThoseBehind`: the same of the devices known to be behind it.
    public mutating func tell(
        _ device: DeviceName, isOnline: Bool, isOld: Bool = false, andThoseBehind: Bool = false
    ) {
        var presence = DevicePresence()
        presence.isOfThoseBehind = andThoseBehind
        presence.isOnline = isOnline
        presence.isOld = isOld || !isOnline
        presence.isWatched = true
        tell(device, presence)
    }

    /// Notes that a value was left out.
    public mutating func drop(_ reason: RejectReason) { dropped = dropped ?? reason }

    mutating func removeAll() {
        publications.removeAll()
        subscriptions.removeAll()
        unsubscriptions.removeAll()
        words.removeAll()
        dropped = nil
    }
}
