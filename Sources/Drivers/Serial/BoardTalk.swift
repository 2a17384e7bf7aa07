import Fleet
import GatewayModel

/// What a board's bytes ask of the driver.
enum BoardOutcome {
    case write([UInt8])
    /// An acknowledgement: must not leave before the commit.
    case writeAfterCommit([UInt8])
    case hello(BoardHello)
    /// A line that is no message.
    case text(String)
    case damaged(String)
    /// Something was understood.
    case message
    case command(id: String, DeviceCommand.State, String?)
}

struct BoardHello {
    var reportedID: String?
    var firmware: String?
    func describe(_ sighting: inout Sighting) {}
}

enum CommandOutcome {
    case send([UInt8])
    case refused(String)
}

struct BoardTalk {
    init(device: DeviceName) {}
    var generation: String? { nil }
    var due: Int64? { nil }
    var isAwaitingAnswer: Bool { false }
    mutating func opened(_ now: ReceiveTime) -> [BoardOutcome] { [] }
    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [BoardOutcome] { [] }
    mutating func tick(_ now: ReceiveTime) -> [BoardOutcome] { [] }
    mutating func rename(_ device: DeviceName) {}
    mutating func command(_ command: DeviceCommand, _ now: ReceiveTime) -> CommandOutcome { .refused("") }
    mutating func forget(_ id: String) {}
}
