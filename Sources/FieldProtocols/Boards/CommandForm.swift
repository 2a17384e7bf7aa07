internal import JSONText

/// A command as one firmware generation takes it, and the answer to wait for (reference, sections 1.9 and 2.3).
enum CommandForm: Equatable {
    /// Payload of a COMMAND frame.
    case frame([UInt8])
    /// A line of JSON or plain words, without its end.
    case line(String, answer: LineAnswer)
    /// This firmware cannot do it; the reason is for people.
    case inexpressible(String)

    enum LineAnswer: Equatable {
        /// The answer carries the command's id.
        case byID
        /// The answer is called one of these.
        case named([String])
        /// The next answer without an id is it.
        case next
    }

    /// Members a command may have: boards parse it in 512 bytes of memory.
    private static let memberMax = 16

    init(_ command: BoardCommand, for generation: LineGeneration) {
        guard command.hasPlainName else {
            self = .inexpressible("the name of the command is not a plain word")
            return
        }
        guard case .object(let members) = command.params else {
            self = .inexpressible("the parameters are not an object")
            return
        }
        guard members.count <= Self.memberMax else {
            self = .inexpressible("more than \(Self.memberMax) parameters do not fit into the board's memory")
            return
        }
        switch generation {
        case .g11: self = Self.frame(command)
        case .g2: self = ProductionForms.form(command)
        case .g3, .g4: self = DeviceManagerForms.form(command)
        case .g5: self = Self.typed(command)
        case .g9: self = .inexpressible("this firmware takes commands over its UART only, not over USB")
        case .g8: self = .inexpressible("this is a LoRa bridge: it takes no commands of its own")
        case .g1, .g6, .g7, .g10: self = .inexpressible("this firmware (\(generation.rawValue)) takes no commands")
        }
    }

    private static func frame(_ command: BoardCommand) -> CommandForm {
        var name = command.name
        switch name {
        // The only question this firmware answers without doing anything.
        case "ping": name = "hello"
        case "scan": return .inexpressible("this firmware has no scan; its HELLO lists the sensors")
        case "stream_sensors":
            guard let rate = command.params["rate_hz"]?.double, rate > 0 else { return .inexpressible(rateNeeded) }
        default: break
        }
        let text: JSON = ["cmd": .string(name), "params": command.params]
        return .frame(text.bytes)
    }

    /// g5 takes plain words only.
    private static func typed(_ command: BoardCommand) -> CommandForm {
        switch command.name {
        case "hello", "health", "ping": .line("status", answer: .named(["status"]))
        case "scan": .line("periph list", answer: .named(["periph_list"]))
        default: .inexpressible("this firmware has no \(command.name)")
        }
    }

    static let rateNeeded = "rate_hz must be a number above 0"
}

/// g2: flat parameters, answers told by the command's name.
enum ProductionForms {
    static func form(_ command: BoardCommand) -> CommandForm {
        switch command.name {
        case "hello", "health": return line("status", answers: ["status"])
        case "ping": return line("ping", answers: ["ping", "pong"])
        case "scan": return line("scan", answers: ["scan", "i2c_scan", "periph_list"])
        case "read_sensors":
            return .inexpressible("this firmware sends readings by itself and has no command to ask for them")
        case "estop", "clear_estop":
            return .inexpressible("this firmware has no emergency stop; switch its outputs off one by one")
        case "stream_sensors":
            guard let rate = command.params["rate_hz"]?.double, rate > 0 else {
                return .inexpressible(CommandForm.rateNeeded)
            }
            let seconds = Int64(min(max((1 / rate).rounded(), 1), 86_400))
            return line(
                "set_telemetry_interval", [.init(key: "interval_seconds", value: .integer(seconds))],
                answers: ["set_telemetry_interval", "telemetry_interval"])
        case "output_control": return output(command.params)
        default:
            let name = command.name
            let bare = name.hasPrefix("set_") || name.hasPrefix("get_") ? String(name.dropFirst(4)) : name
            return line(name, command.params.members ?? [], answers: [name, bare])
        }
    }

    private static func output(_ params: JSON) -> CommandForm {
        switch params["id"]?.string {
        case "mosfet1", "mosfet2", "mosfet3":
            let index = Int64(params["id"]?.string?.last?.wholeNumberValue ?? 1) - 1
            guard let isOn = OutputValue.isOn(params["value"]) else { return .inexpressible(OutputValue.needed) }
            return line(
                "set_mosfet",
                [.init(key: "mosfet_index", value: .integer(index)), .init(key: "state", value: .bool(isOn))],
                answers: ["set_mosfet", "mosfet"])
        case "buzzer": return line("buzzer", OutputValue.buzzer(params), answers: ["buzzer"])
        case "neopixel": return line("led", OutputValue.light(params), answers: ["led"])
        default: return .inexpressible("id must be mosfet1, mosfet2, mosfet3, buzzer or neopixel")
        }
    }

    private static func line(_ name: String, _ params: [JSON.Member] = [], answers: [String]) -> CommandForm {
        let members = [JSON.Member(key: "cmd", value: .string(name))] + params.filter { $0.key != "cmd" }
        return .line(JSON.object(members).text, answer: .named(answers))
    }
}

/// g3 and g4: flat parameters and an id that comes back with the answer.
enum DeviceManagerForms {
    static func form(_ command: BoardCommand) -> CommandForm {
        switch command.name {
        case "hello", "health": return line("status", [], command)
        case "ping", "scan": return line(command.name, [], command)
        case "read_sensors": return line("sensors", [], command)
        case "estop", "clear_estop": return .inexpressible("this firmware has no emergency stop")
        case "stream_sensors":
            guard let rate = command.params["rate_hz"]?.double, rate > 0 else {
                return .inexpressible(CommandForm.rateNeeded)
            }
            let period = Int(min(max((1000 / rate).rounded(), 200), 60_000))
            return .line("telemetry period \(period)", answer: .next)
        case "output_control":
            switch command.params["id"]?.string {
            case "buzzer": return line("set_buzzer", OutputValue.buzzer(command.params), command)
            case "neopixel": return line("set_neopixel", OutputValue.light(command.params), command)
            default: return .inexpressible("this firmware answers ok to set_mosfet and switches nothing")
            }
        default: return line(command.name, command.params.members ?? [], command)
        }
    }

    private static func line(_ name: String, _ params: [JSON.Member], _ command: BoardCommand) -> CommandForm {
        let own = [JSON.Member(key: "cmd", value: .string(name)), JSON.Member(key: "id", value: .string(command.id))]
        let members = own + params.filter { $0.key != "cmd" && $0.key != "id" }
        return .line(JSON.object(members).text, answer: .byID)
    }
}

/// The parameters of `output_control` in the words of the line firmware.
enum OutputValue {
    static let needed = "value must be true, false, 0 or 1"

    static func isOn(_ value: JSON?) -> Bool? {
        if let flag = value?.bool { return flag }
        return value?.double.map { $0 != 0 }
    }

    static func buzzer(_ params: JSON) -> [JSON.Member] {
        let frequency = params["freq"] ?? .integer(1200)
        if isOn(params["value"]) == false || frequency.double == 0 { return [.init(key: "stop", value: .bool(true))] }
        return [
            .init(key: "frequency", value: frequency),
            .init(key: "duration", value: params["duration_ms"] ?? .integer(200)),
        ]
    }

    static func light(_ params: JSON) -> [JSON.Member] {
        let colours = ["r", "g", "b"].compactMap { key in params[key].map { JSON.Member(key: key, value: $0) } }
        if isOn(params["value"]) == false || colours.isEmpty && isOn(params["value"]) == nil {
            return [.init(key: "off", value: .bool(true))]
        }
        return colours.isEmpty ? ["r", "g", "b"].map { .init(key: $0, value: .integer(255)) } : colours
    }
}
