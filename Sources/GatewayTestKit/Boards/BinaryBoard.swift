internal import FieldProtocols
internal import GatewayModel

/// A board of the binary generation (`side_a`) whose UART the gateway holds: packed telemetry, sent again until it is
/// acknowledged, commands by number.
public struct BinaryBoard: BoardFirmware {
    public var interval: Duration
    public var faults: BoardFaults
    public private(set) var climate = Climate()
    /// The ids of the commands that were executed, in order.
    public private(set) var executed: [UInt16] = []
    /// Everything up to here is acknowledged.
    public private(set) var acknowledged: UInt32 = 0
    private var random: SeededRandom
    private var seq: UInt32 = 0
    private var input: [UInt8] = []
    private var mosfets: [UInt8] = [0, 0, 0]
    /// Telemetry that waits for its acknowledgement, with how often it was sent.
    private var unacknowledged: [(seq: UInt32, frame: [UInt8], attempts: Int)] = []

    /// As the firmware: eight times, then it is given up.
    private static let attemptMax = 8

    /// A board that has not booted yet.
    public init(interval: Duration = .seconds(2), faults: BoardFaults = BoardFaults(), seed: UInt64 = 1) {
        self.interval = interval
        self.faults = faults
        random = SeededRandom(seed: seed)
    }

    /// Nothing but ROM text: the ready line goes to the other port. The count goes on, since it is kept in flash.
    public mutating func boot() -> [BoardOutput] {
        input = []
        return [BoardOutput(.talk, Array(RomText.esp32s3.utf8))]
    }

    /// What was not acknowledged once more, then one TELEMETRY frame.
    public mutating func measure(uptime: Duration) -> [BoardOutput] {
        climate.step(using: &random)
        unacknowledged.removeAll { $0.attempts >= Self.attemptMax }
        var output: [BoardOutput] = []
        for index in unacknowledged.indices {
            unacknowledged[index].attempts += 1
            output.append(BoardOutput(.talk, unacknowledged[index].frame))
        }
        let frame = frame(.telemetry, telemetry(uptime))
        unacknowledged.append((seq, frame, 1))
        if random.chance(faults.corrupted) {
            output.append(BoardOutput(.corrupted(seq: seq), BoardFaults.flipped(frame, using: &random)))
        } else {
            output.append(BoardOutput(.telemetry(seq: seq), frame))
        }
        return output
    }

    /// Acknowledgements and commands in frames.
    public mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput] {
        var output: [BoardOutput] = []
        for byte in bytes {
            if byte != 0 {
                input.append(byte)
                continue
            }
            if let answer = take(input) { output.append(answer) }
            input = []
        }
        return output
    }

    private mutating func take(_ bytes: [UInt8]) -> BoardOutput? {
        var scratch = [UInt8](repeating: 0, count: bytes.count + 8)
        var command: [UInt8]?
        bytes.withUnsafeBytes { encoded in
            scratch.withUnsafeMutableBytes { scratch in
                // The firmware tells nobody about frames it cannot read.
                guard let frame = try? MDPFrame(encoded: encoded, scratch: scratch) else { return }
                if frame.header.flags.contains(.isAck) { acknowledged = max(acknowledged, frame.header.ack) }
                if frame.header.type == .command { command = Array(frame.payload) }
            }
        }
        unacknowledged.removeAll { [acknowledged] in $0.seq <= acknowledged }
        return command.flatMap { execute($0) }
    }

    private mutating func execute(_ command: [UInt8]) -> BoardOutput? {
        guard command.count >= 4 else { return nil }
        let id = UInt16(command[0]) | UInt16(command[1]) << 8
        executed.append(id)
        var status: Int16 = 0
        switch id {
        case 0x0004:
            if command.count < 6 {
                status = -2
            } else if !(1...3).contains(command[4]) {
                status = -3
            } else {
                mosfets[Int(command[4]) - 1] = command[5]
            }
        case 0x0002, 0x0003, 0x000A...0x000C, 0x0010...0x0013, 0x0020...0x0022: break
        case 0x0009: return nil
        default: status = -1
        }
        let result = UInt16(bitPattern: status)
        let payload = [1, 0, 4, 0, command[0], command[1], UInt8(result & 0xFF), UInt8(result >> 8)]
        return BoardOutput(.talk, frame(.event, payload))
    }

    private func telemetry(_ uptime: Duration) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: TelemetryV1.byteCount)
        func put(_ value: UInt32, at offset: Int, count: Int) {
            for index in 0..<count { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
        }
        put(0xA15A, at: 0, count: 2)
        bytes[2] = 1
        bytes[3] = 1
        put(UInt32(truncatingIfNeeded: uptime.milliseconds), at: 8, count: 4)
        for (index, count) in climate.counts.enumerated() {
            put(UInt32(count), at: 12 + 2 * index, count: 2)
            put((Float(count) * 3.3 / 4095).bitPattern, at: 20 + 4 * index, count: 4)
        }
        for index in 0..<3 { bytes[36 + index] = mosfets[index] }
        return bytes
    }

    private mutating func frame(_ type: MDPMessageType, _ payload: [UInt8]) -> [UInt8] {
        seq += 1
        let header = MDPHeader(
            type: type, seq: seq, flags: .ackRequested, source: .sideA, destination: .gateway)
        return MDPEncoder.encode(header, payload: payload)
    }
}
