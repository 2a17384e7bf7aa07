/// The packed structs of the binary firmware generation (reference, sections 1.9, 9.2 and 9.3).
public enum MDPStruct: Sendable, Equatable {
    case telemetryV1(TelemetryV1)
    case command(BinaryCommand)
    case commandResult(BinaryCommandResult)
    case wifiSense(WiFiSense)
    case droneTelemetry(DroneTelemetry)
    case droneMissionStatus(DroneMissionStatus)

    /// Nil if the payload is no known struct.
    init?(_ payload: UnsafeRawBufferPointer, of type: MDPMessageType) throws(MDPError) {
        switch type {
        case .telemetry:
            guard let telemetry = TelemetryV1(payload) else { return nil }
            self = .telemetryV1(telemetry)
        case .command:
            guard let command = try BinaryCommand(payload) else { return nil }
            self = .command(command)
        case .event:
            guard let result = BinaryCommandResult(payload) else { return nil }
            self = .commandResult(result)
        case .wifiSense where payload.count == WiFiSense.byteCount: self = .wifiSense(WiFiSense(payload))
        case .droneTelemetry where payload.count == DroneTelemetry.byteCount:
            self = .droneTelemetry(DroneTelemetry(payload))
        case .droneMissionStatus where payload.count == DroneMissionStatus.byteCount:
            self = .droneMissionStatus(DroneMissionStatus(payload))
        default: return nil
        }
    }

    /// The size of the struct if all payloads of this type have one.
    static func byteCount(of type: MDPMessageType) -> Int? {
        switch type {
        case .wifiSense: WiFiSense.byteCount
        case .droneTelemetry: DroneTelemetry.byteCount
        case .droneMissionStatus: DroneMissionStatus.byteCount
        default: nil
        }
    }
}

/// A command to a board of the binary generation: id, length, data. What an id means depends on the board's role.
public struct BinaryCommand: Sendable, Equatable {
    public var id: UInt16
    /// What follows the length.
    public var content: [UInt8]

    public init(id: UInt16, content: [UInt8]) {
        self.id = id
        self.content = content
    }

    init?(_ payload: UnsafeRawBufferPointer) throws(MDPError) {
        guard payload.count >= 4 else { return nil }
        id = payload.u16(at: 0)
        let count = Int(payload.u16(at: 2))
        guard 4 + count <= payload.count else { throw .commandLengthExceedsFrame }
        content = Array(payload[4..<4 + count])
    }
}

/// The answer to a packed command: EVENT of type 1.
public struct BinaryCommandResult: Sendable, Equatable {
    /// The command it answers.
    public var commandID: UInt16
    /// 0 ok, -1 unknown, -2 too short, -3 bad index.
    public var status: Int16

    init?(_ payload: UnsafeRawBufferPointer) {
        guard payload.count == 8, payload.u16(at: 0) == 1, payload.u16(at: 2) == 4 else { return nil }
        commandID = payload.u16(at: 4)
        status = payload.i16(at: 6)
    }
}
