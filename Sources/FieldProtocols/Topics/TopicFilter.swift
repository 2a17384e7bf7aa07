/// A topic filter of MQTT, and what is wanted of the retained messages behind it.
public struct TopicFilter: Sendable, Hashable {
    /// When retained messages are delivered.
    public enum Retained: Sendable, Hashable {
        /// Once for a session: values, which are stored when they come.
        case onceForASession
        /// With each connection: descriptions and states, which the decoder has to know again after a restart.
        case always
    }

    /// With `+` and `#` as in the standard, and when retained messages are wanted.
    public var text: String
    public var retained: Retained

    public init(_ text: String, retained: Retained = .onceForASession) {
        self.text = text
        self.retained = retained
    }

    /// Whether this is a filter as the standard has it (MQTT 5, section 4.7.1), of at most 512 bytes.
    public static func isValid(_ text: String) -> Bool {
        guard !text.isEmpty, text.utf8.count <= 512, !text.utf8.contains(0) else { return false }
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        return levels.enumerated().allSatisfy { index, level in
            if level == "#" { return index == levels.count - 1 }
            return level == "+" || !level.contains { $0 == "+" || $0 == "#" }
        }
    }

    /// Whether messages on `topic` come by this filter. `topic` has no wildcards; what starts with `$` is only found by a
    /// filter that names its first level (MQTT 5, section 4.7.2).
    public func matches(_ topic: String) -> Bool {
        let levels = topic.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let wanted = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if topic.utf8.first == UInt8(ascii: "$"), text.utf8.first != UInt8(ascii: "$") { return false }
        for (index, part) in wanted.enumerated() {
            if part.elementsEqual("#".utf8) { return true }
            guard index < levels.count else { return false }
            guard part.elementsEqual("+".utf8) || part.elementsEqual(levels[index]) else { return false }
        }
        return wanted.count == levels.count
    }
}
