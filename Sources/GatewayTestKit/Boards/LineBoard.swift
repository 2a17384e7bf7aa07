internal import GatewayModel
internal import JSONText

/// A board that speaks JSON lines: generation g2 (`1.0.0`, machine mode) or g3 (`1.1.0`, dual mode).
public struct LineBoard: BoardFirmware {
    /// The firmware generations it can play.
    public enum Generation: Sendable {
        case g2, g3
    }

    /// Which firmware it plays.
    public let generation: Generation
    /// Reported as `board_id` (g2) or behind `A-` as `node` (g3).
    public let mac: String
    public var interval: Duration
    public var faults: BoardFaults
    public private(set) var climate = Climate()
    private var random: SeededRandom
    private var seq: UInt32 = 0
    private var input: [UInt8] = []

    /// A board that has not booted yet.
    public init(
        _ generation: Generation, mac: String = "F2:7C:3A:1D:B4:10", interval: Duration? = nil,
        faults: BoardFaults = BoardFaults(), seed: UInt64 = 1
    ) {
        self.generation = generation
        self.mac = mac
        self.interval = interval ?? (generation == .g2 ? .seconds(10) : .seconds(2))
        self.faults = faults
        random = SeededRandom(seed: seed)
    }

    /// Boot text; g3 adds its boot line.
    public mutating func boot() -> [BoardOutput] {
        seq = 0
        input = []
        let text =
            switch generation {
            case .g2:
                "MycoBrain Side-A Production Firmware\r\nMAC: \(mac)\r\nFirmware: 1.0.0\r\nI2C devices found: 2\r\nReady!\r\n"
            case .g3:
                "  MycoBrain Side-A (Dual Mode)\r\n"
                    + line(
                        #"{"type":"boot","ok":true,"hello":"mycobrain.sideA.dualmode","version":"1.1.0","node_id":"A-\#(mac)","#
                            + #""mac":"\#(mac)","role":"side-a","baud":115200,"i2c_count":2,"chip":"ESP32-S3","cpu_mhz":240,"#
                            + #""heap":312044,"output_format":"json"}"#)
            }
        return [BoardOutput(.talk, Array((RomText.esp32s3 + text).utf8))]
    }

    /// One telemetry line, with the faults that were asked for.
    public mutating func measure(uptime: Duration) -> [BoardOutput] {
        climate.step(using: &random)
        let number = generation == .g3 ? seq : nil
        let text = generation == .g3 ? tele(uptime) : telemetry(uptime)
        if generation == .g3 { seq += 1 }
        if random.chance(faults.dropped) { return [BoardOutput(.dropped(seq: number), [])] }
        let bytes = Array(line(text).utf8)
        if random.chance(faults.corrupted) {
            // A cut line is what a full buffer leaves; it can be told from a whole one, which a flipped digit cannot.
            return [BoardOutput(.corrupted(seq: number), Array(bytes.prefix(bytes.count / 2)) + [0x0D, 0x0A])]
        }
        let glued = random.chance(faults.gluedText) ? Array("[BME688] Initialized at 0x77 (AMB)\r\n".utf8) : []
        return [BoardOutput(.telemetry(seq: number), glued + bytes)]
    }

    /// Lines ended by CR or LF, words or JSON, are answered.
    public mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput] {
        var output: [BoardOutput] = []
        for byte in bytes {
            if byte == 0x0A || byte == 0x0D {
                if !input.isEmpty { output.append(answer(to: String(decoding: input, as: UTF8.self), uptime)) }
                input = []
            } else if input.count < 2_048 {
                input.append(byte)
            }
        }
        return output
    }

    private func answer(to text: String, _ uptime: Duration) -> BoardOutput {
        let body: String
        if text.hasPrefix("{") {
            // Text that is no JSON is answered, not dropped.
            if let json = try? JSON(parsing: text) {
                body = answer(to: json["cmd"]?.string ?? json["op"]?.string, id: json["id"]?.string, uptime)
            } else {
                body =
                    generation == .g2
                    ? error("Invalid JSON or unknown command", nil, uptime) : error("bad_json", nil, uptime)
            }
        } else {
            body = answer(to: String(text.prefix { $0 != " " }), id: nil, uptime)
        }
        return BoardOutput(.talk, Array(line(body).utf8))
    }

    private func answer(to command: String?, id: String?, _ uptime: Duration) -> String {
        guard let command else { return error("missing_cmd", id, uptime) }
        let milliseconds = uptime.milliseconds
        switch (generation, command) {
        case (.g2, "mode"), (.g2, "dbg"), (.g2, "fmt"), (.g2, "ping"), (.g2, "buzzer"), (.g2, "led"),
            (.g2, "set_telemetry_interval"):
            return #"{"type":"ack","cmd":"\#(command)","message":"ok","ts":\#(milliseconds)}"#
        case (.g2, "set_mosfet"):
            return #"{"type":"mosfet","data":{"mosfet_index":0,"state":true}}"#
        case (.g2, "status"):
            return #"{"type":"status","ts":\#(milliseconds),"board_id":"\#(mac)","status":"ready","firmware":"1.0.0","#
                + #""version":"1.0.0","uptime":\#(milliseconds / 1_000),"uptime_ms":\#(milliseconds),"mode":"machine"}"#
        case (.g3, "ping"):
            return ok(#""pong":true"#, id)
        case (.g3, "status"), (.g3, "status.get"), (.g3, "identity"):
            return ok(
                #""node_id":"A-\#(mac)","mac":"\#(mac)","uptime_ms":\#(milliseconds),"firmware_version":"1.1.0""#, id)
        case (.g3, "scan"), (.g3, "i2c.scan"):
            return ok(#""count":2,"i2c":[118,119]"#, id)
        case (.g3, "set_mosfet"):
            return ok(#""note":"mosfet control not available""#, id)
        case (.g3, "fmt"), (.g3, "dbg"), (.g3, "telemetry"), (.g3, "set_buzzer"), (.g3, "set_neopixel"):
            return ok("\"cmd\":\"\(command)\"", id)
        default:
            return error(generation == .g2 ? "Invalid JSON or unknown command" : "unknown_cmd", id, uptime)
        }
    }

    private func ok(_ members: String, _ id: String?) -> String {
        #"{"ok":true,\#(id.map { #""id":"\#($0)","# } ?? "")\#(members)}"#
    }

    private func error(_ code: String, _ id: String?, _ uptime: Duration) -> String {
        switch generation {
        case .g2: #"{"type":"err","error":"\#(code)","ts":\#(uptime.milliseconds)}"#
        case .g3: #"{"ok":false,"error":"\#(code)"\#(id.map { #","id":"\#($0)""# } ?? "")}"#
        }
    }

    /// g2 has no number, and its environment fields never appear: its sensor read is a placeholder.
    private func telemetry(_ uptime: Duration) -> String {
        let milliseconds = uptime.milliseconds
        let volts = climate.counts.enumerated().map {
            #""ai\#($0.offset + 1)_voltage":\#((Double($0.element) * 3.3 / 4_095 * 1e6).rounded() / 1e6)"#
        }
        return #"{"type":"telemetry","ts":\#(milliseconds),"board_id":"\#(mac)","device_role":"mushroom1","#
            + volts.joined(separator: ",")
            + #","mosfet_states":[true,false,false],"i2c_addresses":[118,119],"firmware_version":"1.0.0","#
            + #""uptime_seconds":\#(milliseconds / 1_000)}"#
    }

    /// g3 repeats the environment in two shapes and fills what it does not measure with placeholders.
    private mutating func tele(_ uptime: Duration) -> String {
        let isAbsent = random.chance(faults.absentSensor)
        let temperature = isAbsent ? "null" : Climate.text(climate.temperature)
        let humidity = isAbsent ? "null" : Climate.text(climate.humidity)
        let pressure = isAbsent ? "null" : Climate.text(climate.pressure)
        let seconds = uptime.components.seconds
        return
            #"{"type":"tele","seq":\#(seq),"t_ms":\#(uptime.milliseconds),"node":"A-\#(mac)","uptime_s":\#(seconds),"#
            + #""uptime_seconds":\#(seconds),"env":{"temp_c":\#(temperature),"rh_pct":\#(humidity),"press_hpa":\#(pressure)},"#
            + #""temperature":\#(temperature),"humidity":\#(humidity),"pressure":\#(pressure),"#
            + #""gas_resistance":\#(isAbsent ? "null" : "\(Int(climate.gas))"),"firmware_version":"1.1.0","#
            + #""i2c_addresses":[118,119],"health":{"heap":311800,"i2c_ok":true},"ai1_voltage":null,"ai2_voltage":null,"#
            + #""ai3_voltage":null,"ai4_voltage":null,"mosfet_states":[false,false,false,false]}"#
    }

    private func line(_ text: String) -> String { text + "\r\n" }
}
