import FieldProtocols
import GatewayModel
import JSONText

/// A board with the gateway firmware: it prints the headers of the frames that it hears, and nothing of their content
/// (field reference, section 3.3). Each node that it hears is a device, whose frames are counted.
struct LoRaGatewayTalk: PortTalk, ~Copyable {
    private var board: BoardTalk
    private var lines = LineCollector(byteCountMax: LineSplitter.byteCountMax)
    private let parser = JSONParser(byteCountMax: LineSplitter.byteCountMax)
    private var observations: Int64 = 0

    init(_ board: consuming BoardTalk) { self.board = board }

    var device: DeviceName { board.device }
    var dialect: String? { board.dialect }
    var isReady: Bool { board.isReady }
    var due: Int64? { board.due }
    var heard: [ClosedRange<UInt32>] { board.heard }

    var counters: PortCounters {
        var counters = board.counters
        counters.observations += observations
        return counters
    }

    mutating func rename(_ device: DeviceName) { board.rename(device) }

    mutating func opened(_ now: ReceiveTime) -> [PortOutcome] { board.opened(now) }

    mutating func received(
        _ bytes: UnsafeRawBufferPointer, at now: ReceiveTime, into batch: inout ObservationBatch
    ) -> [PortOutcome] {
        var lines = lines
        lines.receive(bytes) { line in
            if let line, line.first == UInt8(ascii: "{") { read(line, now, &batch) }
        }
        self.lines = lines
        return board.received(bytes, at: now, into: &batch)
    }

    private mutating func read(
        _ line: UnsafeRawBufferPointer, _ now: ReceiveTime, _ batch: inout ObservationBatch
    ) {
        // Lines that are no headers are the board's own affair.
        guard let root = try? parser.parse(line), let source = root["src"]?.uint64.flatMap({ UInt8(exactly: $0) }),
            let seq = root["seq"]?.uint64.flatMap({ UInt32(exactly: $0) }),
            let type = root["type"]?.uint64.flatMap({ UInt8(exactly: $0) }),
            let id = DeviceID(nodePrefix + Self.hex(source)), let node = DeviceName(id)
        else { return }
        let flags = root["flags"]?.uint64 ?? 0
        batch.append(Reading(Self.frameType, .number(Double(type)), unit: .one))
        var observation = Observation(device: node, received: now, source: .lora)
        observation.deviceSeq = seq
        // Sent again, a frame has its number and another time: it is the same.
        let identity: [UInt8] = [source, type, UInt8(truncatingIfNeeded: flags)]
        observation.payloadHash = identity.withUnsafeBytes { PayloadHash.of($0) }
        batch.append(observation)
        observations += 1
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

    mutating func tick(_ now: ReceiveTime, into batch: inout ObservationBatch) -> [PortOutcome] {
        board.tick(now, into: &batch)
    }

    mutating func receipts(_ now: ReceiveTime) -> [UInt8] { board.receipts(now) }

    mutating func reach(of device: DeviceID) -> PortReach { device.text.hasPrefix(nodePrefix) ? .heard : .none }

    private var nodePrefix: String { device.text + "-node-" }

    mutating func submit(_ command: DeviceCommand, at now: ReceiveTime) -> [PortOutcome] {
        guard command.device == device.id else {
            let reason = "the firmware of \(device) tells of nodes and sends them nothing"
            return [.command(id: command.id, .refused, result: reason)]
        }
        return board.submit(command, at: now)
    }

    mutating func end(reason: String, _ now: ReceiveTime) -> [PortOutcome] { board.end(reason: reason, now) }

    private static let frameType = MetricName(known: "mdp.type")
}
