internal import CloudSync
internal import GatewayModel

/// What became of a request, as whoever made it sees it.
enum SimulatedAnswer {
    case outcome(PushOutcome)
    case heartbeat(HeartbeatSchedule.Answer)
}

/// A request on its way, from a life of the gateway that may be over when it arrives.
struct SimulatedRequest {
    struct Item {
        var stream: StreamName
        var seq: SequenceNumber
        var device: String
        /// What the message said; nil for other streams.
        var number: Int?
        /// Names the record at the server.
        var identity: String
        var bytes: [UInt8]
    }

    enum Content {
        case records([Item], key: String)
        case heartbeat(String)
    }

    var server: Int
    var life: Int
    /// The slot of its first record.
    var slot: UInt64
    var content: Content
}

/// A sentence that says which promise was broken.
struct SimulationViolation: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}

/// The gateway is dead from here on.
struct SimulatedDeath: Error {}
