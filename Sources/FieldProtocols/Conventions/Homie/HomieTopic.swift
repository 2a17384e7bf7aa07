/// What a topic of the Homie convention is about.
struct HomieTopic {
    enum Kind: UInt8 {
        /// `$state`, `$description`, and `$homie`.
        case state, description, version
        /// Version 4: an attribute of a property.
        case type, unit
        /// Other attributes, commands, broadcasts.
        case other
        case value
    }

    var kind: Kind
    var isVersion4: Bool
    var device: UnsafeBufferPointer<UInt8>
    /// Levels of node and property, if it is about one.
    var node = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var property = UnsafeBufferPointer<UInt8>(start: nil, count: 0)

    /// Nil if the topic is of no Homie device. Version 5 may have any domain, version 4 is known by `homie`.
    init?(_ message: TopicMessage) {
        if message.level(1, is: "5"), message.levelCount >= 4 {
            self.init(version5: message)
        } else if message.level(0, is: "homie"), message.levelCount >= 3 {
            self.init(version4: message)
        } else {
            return nil
        }
    }

    private init?(version5 message: TopicMessage) {
        let isHomie = message.level(0, is: "homie")
        isVersion4 = false
        device = message.level(2)
        kind = .other
        if message.levelCount == 4 {
            if message.level(3, is: "$state") {
                kind = .state
            } else if message.level(3, is: "$description") {
                kind = .description
            } else if !isHomie {
                return nil
            }
        } else if message.levelCount == 5, message.level(3).first != UInt8(ascii: "$") {
            kind = message.level(4).first == UInt8(ascii: "$") ? .other : .value
            (node, property) = (message.level(3), message.level(4))
        } else if !isHomie {
            return nil
        }
    }

    private init(version4 message: TopicMessage) {
        isVersion4 = true
        device = message.level(1)
        kind = .other
        if device.first == UInt8(ascii: "$") { return }
        (node, property) = (message.level(2), message.level(3))
        switch message.levelCount {
        case 3:
            if message.level(2, is: "$state") { kind = .state }
            if message.level(2, is: "$homie") { kind = .version }
        case 4: if node.first != UInt8(ascii: "$"), property.first != UInt8(ascii: "$") { kind = .value }
        case 5:
            if message.level(4, is: "$datatype") { kind = .type }
            if message.level(4, is: "$unit") { kind = .unit }
        default: break
        }
    }
}
