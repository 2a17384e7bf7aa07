/// What a topic of Sparkplug announces (specification 3.0, chapter 4).
struct SparkplugTopic {
    enum Kind: UInt8, CaseIterable {
        case nodeBirth, nodeDeath, nodeData, nodeCommand, deviceBirth, deviceDeath, deviceData, deviceCommand, hostState

        /// The third level of the topic.
        var name: StaticString {
            switch self {
            case .nodeBirth: "NBIRTH"
            case .nodeDeath: "NDEATH"
            case .nodeData: "NDATA"
            case .nodeCommand: "NCMD"
            case .deviceBirth: "DBIRTH"
            case .deviceDeath: "DDEATH"
            case .deviceData: "DDATA"
            case .deviceCommand: "DCMD"
            case .hostState: "STATE"
            }
        }

        var isOfDevice: Bool {
            switch self {
            case .deviceBirth, .deviceDeath, .deviceData, .deviceCommand: true
            default: false
            }
        }
    }

    let kind: Kind
    /// Untrusted; empty for the state of a host.
    let group: UnsafeBufferPointer<UInt8>
    /// The edge node; of `hostState` the host.
    let node: UnsafeBufferPointer<UInt8>
    let device: UnsafeBufferPointer<UInt8>

    /// Nil if this is no topic of Sparkplug B.
    init?(_ message: TopicMessage) {
        let none = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
        if message.level(0, is: "STATE"), message.levelCount == 2 {
            (kind, group, node, device) = (.hostState, none, message.level(1), none)
            return
        }
        guard message.level(0, is: "spBv1.0") else { return nil }
        if message.level(1, is: "STATE"), message.levelCount == 3 {
            (kind, group, node, device) = (.hostState, none, message.level(2), none)
            return
        }
        guard let kind = Kind.allCases.first(where: { message.level(2, is: $0.name) }), kind != .hostState,
            message.levelCount == (kind.isOfDevice ? 5 : 4)
        else { return nil }
        self.kind = kind
        group = message.level(1)
        node = message.level(3)
        device = kind.isOfDevice ? message.level(4) : none
    }
}
