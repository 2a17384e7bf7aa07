internal import GatewayModel

/// A board of a generation without frames that sends what it measures by itself: lines for people or JSON.
public struct TextBoard: BoardFirmware {
    /// The firmware generations it can play.
    public enum Generation: String, CaseIterable, Sendable { case g1, g4, g5, g6, g7, g10 }

    /// Which firmware it plays.
    public let generation: Generation
    public var interval: Duration
    public var faults: BoardFaults
    public private(set) var climate = Climate()
    private var random: SeededRandom
    private var seq: UInt32 = 0
    private var input: [UInt8] = []
    /// g5 says JSON after it was told to.
    private var isMachine = false

    private static let mac = "F2:7C:3A:1D:B4:12"

    /// A board that has not booted yet.
    public init(
        _ generation: Generation, interval: Duration = .seconds(2), faults: BoardFaults = BoardFaults(),
        seed: UInt64 = 1
    ) {
        self.generation = generation
        self.interval = interval
        self.faults = faults
        random = SeededRandom(seed: seed)
    }

    /// ROM text and the banner of the firmware.
    public mutating func boot() -> [BoardOutput] {
        seq = 0
        input = []
        isMachine = generation != .g5
        return [BoardOutput(.talk, Array(RomText.esp32s3.utf8) + Self.lines(banner))]
    }

    /// One telemetry, with the faults that were asked for.
    public mutating func measure(uptime: Duration) -> [BoardOutput] {
        guard isMachine else { return [] }
        climate.step(using: &random)
        let number = generation == .g4 ? seq : nil
        let text = telemetry(uptime)
        if generation == .g4 { seq += 1 }
        if random.chance(faults.dropped) { return [BoardOutput(.dropped(seq: number), [])] }
        let bytes = Self.lines([text])
        if random.chance(faults.corrupted) {
            return [BoardOutput(.corrupted(seq: number), Array(bytes.prefix(bytes.count / 2)) + [0x0D, 0x0A])]
        }
        let glued = random.chance(faults.gluedText) ? Self.lines(["[DBG] loop 1.2 ms"]) : []
        return [BoardOutput(.telemetry(seq: number), glued + bytes)]
    }

    /// Words ended by CR or LF are answered as the firmware does.
    public mutating func receive(_ bytes: [UInt8], uptime: Duration) -> [BoardOutput] {
        var output: [BoardOutput] = []
        for byte in bytes {
            if byte == 0x0A || byte == 0x0D {
                let text = String(decoding: input, as: UTF8.self)
                if !text.isEmpty { output.append(BoardOutput(.talk, Self.lines(answer(to: text, uptime)))) }
                input = []
            } else if input.count < 255 {
                input.append(byte)
            }
        }
        return output
    }

    private static func lines(_ texts: [String]) -> [UInt8] { texts.flatMap { Array(($0 + "\r\n").utf8) } }

    private var banner: [String] {
        switch generation {
        case .g1:
            [
                "  SuperMorgIO", "ESP32AB A-SIDE Dual BME688 (AMB/ENV) + BSEC2", "I2C scan:", "  found: 0x77",
                "===== LIVE =====",
            ]
        case .g4:
            [
                "  MycoBrain Side-A (BSEC2)",
                #"{"type":"boot","ok":true,"hello":"mycobrain.sideA.bsec2","version":"2.1.0","node_id":"A-\#(Self.mac)","#
                    + #""mac":"\#(Self.mac)","role":"side-a","bme688_count":2,"bsec2":true}"#,
            ]
        case .g5:
            [
                "║     MycoBrain Science Communications Firmware        ║",
                "Type 'help' for commands, 'mode machine' for NDJSON mode",
            ]
        case .g6: [#"{"ok":true,"hello":"mycobrain.working","version":"1.0.0","heap":312044}"#]
        case .g7: ["=== MycoBrain Side-B 1.0.0-production ===", "Waiting for Side-A"]
        case .g10:
            [
                "║     MycoBrain FCI - Fungal Computer Interface       ║", "[INIT] Device ID: FCI-3A7CF2",
                "[READY] FCI initialized - listening to mycelium...",
                "[CAL] Baseline: 0.02 µV, Noise floor: 0.35 µV RMS",
            ]
        }
    }

    private mutating func telemetry(_ uptime: Duration) -> String {
        let milliseconds = uptime.milliseconds
        let temperature = Climate.text(climate.temperature)
        let humidity = Climate.text(climate.humidity)
        // What the driver prints for a sensor it has not read yet.
        let pressure = random.chance(faults.absentSensor) ? "nan" : Climate.text(climate.pressure)
        switch generation {
        case .g1:
            return "AMB addr=0x77 age=18ms T=\(temperature)C RH=\(humidity)% P=\(pressure)hPa(raw=101171.00) "
                + "Gas=\(Int(climate.gas))Ohm IAQ=57.12 acc=1 sIAQ=55.90 CO2eq=528.48 VOC=0.54"
        case .g4:
            return #"{"type":"tele","seq":\#(seq),"t_ms":\#(milliseconds),"node":"A-\#(Self.mac)","bme688_count":2,"#
                + #""temperature":\#(temperature),"humidity":\#(humidity),"pressure":\#(pressure),"#
                + #""gas_resistance":\#(Int(climate.gas)),"iaq":57.12,"iaq_accuracy":1,"firmware_version":"2.1.0"}"#
        case .g5:
            return #"{"type":"telemetry","ts":\#(milliseconds),"board_id":"F27C3A1DB412","led":{"r":0,"g":32,"b":0},"#
                + #""optx_active":false,"aotx_active":false,"stim_light":false,"stim_sound":false,"peripherals":2}"#
        case .g6: return #"{"type":"telemetry","uptime_ms":\#(milliseconds),"heap":311800}"#
        case .g7:
            return #"{"type":"telemetry","ts":\#(milliseconds),"ai1_voltage":0.081392,"i2c_addresses":[118,119],"#
                + #""uptime_seconds":\#(milliseconds / 1_000)}"#
        case .g10:
            let amplitude = Double(random.integer(in: 20...220)) / 100
            return "[BIO] Amp: \(amplitude) µV | Freq: 1.50 Hz | Pattern: growth (98%)"
        }
    }

    private mutating func answer(to text: String, _ uptime: Duration) -> [String] {
        let word = String(text.prefix { $0 != " " })
        switch (generation, word) {
        case (.g1, "status"): return ["AMB: present=YES addr=0x77 begin=OK sub=OK status=0 rate=LP"]
        case (.g1, "scan"): return ["I2C scan:", "  found: 0x77"]
        case (.g1, "led"), (.g10, _): return []
        case (.g1, _): return ["Unknown cmd: \(word) (try 'help')"]
        case (.g4, _): return [#"{"ok":false,"error":"unknown_cmd"}"#]
        case (.g5, "mode"):
            isMachine = true
            return [#"{"type":"ack","cmd":"mode","message":"machine","ts":\#(uptime.milliseconds)}"#]
        case (.g5, "status") where !isMachine: return ["status: ready, uptime \(uptime.milliseconds / 1_000) s"]
        case (.g5, "status"):
            return [
                #"{"type":"telemetry","ts":\#(uptime.milliseconds),"board_id":"F27C3A1DB412","#
                    + #""firmware":"MycoBrain-ScienceComms","version":"1.0.0","uptime_ms":\#(uptime.milliseconds)}"#
            ]
        case (.g5, _):
            return [#"{"type":"err","cmd":"\#(word.prefix(8).filter(\.isLetter))","error":"Unknown","ts":1}"#]
        case (.g6, "led"): return [#"{"ok":true,"led":"on"}"#]
        case (.g6, _): return [#"{"error":"unknown command","cmd":"\#(word.prefix(8).filter(\.isLetter))"}"#]
        case (.g7, _): return [#"{"type":"error","data":{"error":"Side-A not connected"}}"#]
        }
    }
}
