/// An MQTT filter that also says which part of a topic names the device: `site/{device}/climate`, `meters/+/{device}/#`.
public struct TopicPattern: Sendable, Hashable {
    enum Level: Sendable, Hashable {
        case text([UInt8])
        case any
        case device
        /// Everything from here on.
        case rest
    }

    let levels: [Level]
    /// The pattern as it was written.
    public let text: String

    /// Nil unless it has 1 to 32 levels, at most one `{device}`, a `#` only at the end, and something that is no wildcard
    /// at its front: a profile must not claim every topic.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...32).contains(parts.count), text.utf8.count <= 512 else { return nil }
        var levels: [Level] = []
        for (index, part) in parts.enumerated() {
            switch part {
            case "{device}": levels.append(.device)
            case "+": levels.append(.any)
            case "#":
                guard index == parts.count - 1 else { return nil }
                levels.append(.rest)
            default:
                guard !part.utf8.contains(where: { "+#{}".utf8.contains($0) || $0 < 0x20 }) else { return nil }
                levels.append(.text(Array(part.utf8)))
            }
        }
        let hasText = levels.contains { if case .text(let text) = $0 { !text.isEmpty } else { false } }
        guard hasText, levels.count(where: { $0 == .device }) <= 1, levels.first != .rest else { return nil }
        self.levels = levels
        self.text = text
    }

    /// What to subscribe to.
    public var filter: String {
        levels.map { level in
            switch level {
            case .text(let bytes): String(decoding: bytes, as: UTF8.self)
            case .any, .device: "+"
            case .rest: "#"
            }
        }.joined(separator: "/")
    }

    /// Whether the device is in the topic.
    public var namesDevice: Bool { levels.contains(.device) }

    /// The device's part of `topic`, empty if the pattern has none; nil if the topic is another.
    public func match(_ topic: UnsafeBufferPointer<UInt8>) -> Range<Int>? {
        var device = 0..<0
        var at = 0
        for (index, level) in levels.enumerated() {
            if case .rest = level { return device }
            guard at <= topic.count else { return nil }
            let end = topic[at...].firstIndex(of: UInt8(ascii: "/")) ?? topic.count
            switch level {
            case .text(let bytes): guard topic[at..<end].elementsEqual(bytes) else { return nil }
            case .device: device = at..<end
            case .any, .rest: break
            }
            at = end + 1
            if index == levels.count - 1 { return end == topic.count ? device : nil }
        }
        return nil
    }
}

extension Profile.TopicRule {
    /// Puts the id of the device that `topic` belongs to into `id`; false if the topic is another. Whether it can be an id
    /// is not looked at; what is no UTF-8 gives none.
    public func name(_ topic: UnsafeBufferPointer<UInt8>, into id: inout [UInt8]) -> Bool {
        guard let range = pattern.match(topic) else { return false }
        id.removeAll(keepingCapacity: true)
        guard ForeignName.isUTF8(UnsafeBufferPointer(rebasing: topic[range])) else { return true }
        id.append(contentsOf: device[0])
        for part in device.dropFirst() {
            id.append(contentsOf: topic[range])
            id.append(contentsOf: part)
        }
        return true
    }

    /// As the other, as text.
    public func device(in topic: String) -> String? {
        var (topic, id) = (topic, [UInt8]())
        return topic.withUTF8 { name($0, into: &id) } ? String(decoding: id, as: UTF8.self) : nil
    }
}
