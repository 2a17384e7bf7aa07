internal import FieldProtocols
internal import JSONText

/// A board with the Side A firmware of the JSON generation, `side-a-mdp-2.1.0`: MDP frames with JSON, text between them.
public struct MDPBoard: BoardFirmware {
    /// What the firmware reports in HELLO. Many boards report the same id.
    public var reportedID: String
    /// `mushroom1` or `hyphae1`.
    public var role: String
    public var interval: Duration
    public var faults: BoardFaults
    public private(set) var isStopped = false
    public private(set) var climate = Climate()
    /// The commands that were executed, by name, in order.
    public private(set) var executed: [String] = []
    private var random: SeededRandom
    private var seq: UInt32 = 0
    private var input: [UInt8] = []

    /// A board that has not booted yet.
    public init(
        reportedID: String = "mycobrain-1db410", role: String = "mushroom1", interval: Duration = .seconds(10),
        faults: BoardFaults = BoardFaults(), seed: UInt64 = 1
    ) {
        self.reportedID = reportedID
        self.role = role
        self.interval = interval
        self.faults = faults
        random = SeededRandom(seed: seed)
    }

    /// ROM text, a line glued in front of the frame, HELLO.
    public mutating func boot() -> [BoardOutput] {
        seq = 0
        input = []
        isStopped = false
        let text = RomText.esp32s3 + "Claw: GPIO servo initialized\r\n"
        return [BoardOutput(.talk, Array(text.utf8)), hello(answering: 0)]
    }

    /// One TELEMETRY frame, with the faults that were asked for.
    public mutating func measure(uptime: Duration) -> [BoardOutput] {
        climate.step(using: &random)
        let frame = frame(.telemetry, telemetry(uptime), answering: 0)
        if random.chance(faults.dropped) { return [BoardOutput(.dropped(seq: seq), [])] }
        if random.chance(faults.corrupted) {
            return [BoardOutput(.corrupted(seq: seq), BoardFaults.flipped(frame, using: &random))]
        }
        let glued = random.chance(faults.gluedText) ? Array("#live ai1=\(climate.counts[0])\r\n".utf8) : []
        return [BoardOutput(.telemetry(seq: seq), glued + frame)]
    }

    /// The receive loop of the firmware: CR and LF clear the buffer, because the same port takes typed commands.
    public mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput] {
        var output: [BoardOutput] = []
        for byte in bytes {
            switch byte {
            case 0x0A, 0x0D:
                let isTyped = !input.isEmpty && input.allSatisfy { (0x20...0x7E).contains($0) }
                if isTyped { output.append(BoardOutput(.talk, Array("Unknown command\r\n".utf8))) }
                input = []
            case 0x00:
                output += execute(frame: input, uptime)
                input = []
            default:
                if input.count >= 1_024 { input = [] }
                input.append(byte)
            }
        }
        return output
    }

    private mutating func execute(frame bytes: [UInt8], _ uptime: Duration) -> [BoardOutput] {
        guard !bytes.isEmpty, let command = Self.command(in: bytes) else { return [] }
        executed.append(command.name)
        return answer(to: command, uptime)
    }

    struct Command {
        var name: String
        var params: JSON
        var seq: UInt32
        var wantsAck: Bool
    }

    /// Frames that are damaged, for somebody else or no command are ignored, as the firmware does.
    private static func command(in bytes: [UInt8]) -> Command? {
        var scratch = [UInt8](repeating: 0, count: bytes.count + 8)
        return bytes.withUnsafeBytes { encoded in
            scratch.withUnsafeMutableBytes { scratch in
                guard
                    // The firmware tells nobody about frames and texts it cannot read.
                    let frame = try? MDPFrame(encoded: encoded, scratch: scratch), frame.header.type == .command,
                    frame.header.destination == .sideA,
                    // The same.
                    let json = try? JSON(parsing: String(decoding: frame.payload, as: UTF8.self)),
                    let name = json["cmd"]?.string
                else { return nil }
                return Command(
                    name: name, params: json["params"] ?? .object([]), seq: frame.header.seq,
                    wantsAck: frame.header.flags.contains(.ackRequested))
            }
        }
    }

    private mutating func answer(to command: Command, _ uptime: Duration) -> [BoardOutput] {
        switch command.name {
        case "hello":
            return [hello(answering: command.seq)]
        case "read_sensors", "health":
            climate.step(using: &random)
            let reading = frame(.telemetry, telemetry(uptime), answering: command.seq)
            let telemetry = BoardOutput(.telemetry(seq: seq), reading)
            return command.wantsAck ? [telemetry, ack("telemetry_sent", command)] : [telemetry]
        case "stream_sensors":
            let rate = max(command.params["rate_hz"]?.double ?? 0.1, 0.1)
            interval = .milliseconds(Int(exactly: (1_000 / rate).rounded()) ?? 10_000)
            return [ack("stream_interval_updated", command)]
        case "estop":
            isStopped = true
            let event = BoardOutput(.talk, frame(.event, #"{"event":"estop_activated"}"#, answering: command.seq))
            return [event, ack("estop_activated", command)]
        case "clear_estop":
            isStopped = false
            return [ack("estop_cleared", command)]
        case "output_control":
            return [output(command)]
        case "enable_peripheral", "disable_peripheral":
            return [ack("peripheral_state_recorded", command)]
        default:
            return [nack("unknown_command", command)]
        }
    }

    private mutating func output(_ command: Command) -> BoardOutput {
        if isStopped { return nack("estop_active", command) }
        switch command.params["id"]?.string {
        case "mosfet1", "mosfet2", "mosfet3": return ack("mosfet_updated", command)
        case "buzzer": return ack("buzzer_played", command)
        case "neopixel": return ack("neopixel_updated", command)
        default: return nack("invalid_output_id", command)
        }
    }

    private mutating func ack(_ message: String, _ command: Command) -> BoardOutput {
        let text = #"{"success":true,"message":"\#(message)"}"#
        return BoardOutput(.talk, frame(.ack, text, answering: command.seq, flags: .isAck))
    }

    private mutating func nack(_ message: String, _ command: Command) -> BoardOutput {
        let text = #"{"success":false,"message":"\#(message)"}"#
        return BoardOutput(.talk, frame(.ack, text, answering: command.seq, flags: .isNack))
    }

    private mutating func hello(answering ack: UInt32) -> BoardOutput {
        let soil = role == "hyphae1" ? #","soil_moisture""# : ""
        let text =
            #"{"device_id":"\#(reportedID)","firmware_version":"side-a-mdp-2.1.0","role":"\#(role)","#
            + #""sensors":["bme688_a","bme688_b","ai1","ai2","ai3","ai4"\#(soil)],"#
            + #""capabilities":["i2c","telemetry","led","buzzer","output_control","estop"]}"#
        return BoardOutput(.talk, frame(.hello, text, answering: ack))
    }

    private mutating func telemetry(_ uptime: Duration) -> String {
        let soil = role == "hyphae1" ? #","soil_moisture":\#(1_800 + climate.counts[3])"# : ""
        let analog = climate.counts.enumerated().map { #""ai\#($0.offset + 1)":\#($0.element)"# }.joined(separator: ",")
        let slots = ["a", "b"].compactMap { slot -> String? in
            if random.chance(faults.absentSensor) { return nil }
            let offset: Float = slot == "a" ? 0 : 0.5
            return #""\#(slot)":{"temperature_c":\#(Climate.text(climate.temperature + offset)),"#
                + #""humidity_pct":\#(Climate.text(climate.humidity)),"pressure_hpa":\#(Climate.text(climate.pressure)),"#
                + #""gas_ohm":\#(Int(climate.gas))}"#
        }
        return #"{"type":"telemetry","uptime_s":\#(uptime.components.seconds),"estop":\#(isStopped),"#
            + #""analog":{\#(analog)\#(soil)},"bme688":{\#(slots.joined(separator: ","))}}"#
    }

    private mutating func frame(
        _ type: MDPMessageType, _ payload: String, answering ack: UInt32, flags: MDPFlags = []
    ) -> [UInt8] {
        seq += 1
        let header = MDPHeader(
            type: type, seq: seq, ack: ack, flags: flags, source: .sideA, destination: .gateway)
        return MDPEncoder.encode(header, payload: Array(payload.utf8))
    }
}
