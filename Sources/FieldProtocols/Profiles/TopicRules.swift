public import GatewayModel

/// Finds the rules of profiles that a topic is for, and whose it is by them. The first rule of each topic is remembered.
public struct TopicRules {
    /// A rule that a topic is for.
    public struct Match: Sendable, Equatable {
        /// Its place in the order of asking.
        public let rule: Int
        public let device: DeviceName
    }

    private let rules: [Profile.TopicRule]
    private var id: [UInt8] = []
    private var known = TopicMemory<Match>()

    /// `rules` in the order of asking.
    public init(_ rules: [Profile.TopicRule]) { self.rules = rules }

    /// The first rule for the topic of `message`; nil if there is none. Throws `bad_device_id`.
    public mutating func first(for message: TopicMessage) throws(RejectReason) -> Match? {
        if let match = known[message] { return match }
        guard let match = try find(message, from: 0) else { return nil }
        known[message] = match
        return match
    }

    /// The next one after `match`.
    public mutating func next(after match: Match, for message: TopicMessage) throws(RejectReason) -> Match? {
        try find(message, from: match.rule + 1)
    }

    private mutating func find(_ message: TopicMessage, from start: Int) throws(RejectReason) -> Match? {
        for rule in rules[start...].indices where rules[rule].name(message.topic, into: &id) {
            guard let device = id.withUnsafeBufferPointer({ DeviceName(utf8: $0) }) else { throw .badDeviceID }
            return Match(rule: rule, device: device)
        }
        return nil
    }
}
