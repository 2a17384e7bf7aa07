internal import JSONText

/// g2, and g7 in front of a g2: flat parameters, answers told by the command's name.
enum ProductionForms {
    static func form(_ order: BoardOrder, _ command: BoardCommand) -> CommandForm {
        switch order {
        case .hello: return line("status", answers: ["status"])
        case .ping: return line("ping", answers: ["ping", "pong"])
        case .scan: return line("scan", answers: ["scan", "i2c_scan", "periph_list"])
        case .readSensors:
            return .inexpressible("this firmware sends readings by itself and has no command to ask for them")
        case .estop, .clearEstop: return CommandForm.noEstop("; switch its outputs off one by one")
        case .reboot: return line("reset", answers: ["reset"])
        case .identity: return line("get_device_identity", answers: ["device_identity"])
        case .interval(let milliseconds):
            let seconds = Int64(min(max((milliseconds / 1000).rounded(), 1), 86_400))
            return line(
                "set_telemetry_interval", [.init(key: "interval_seconds", value: .integer(seconds))],
                answers: ["set_telemetry_interval", "telemetry_interval"])
        case .mosfet(let number, let isOn):
            return line(
                "set_mosfet",
                [
                    .init(key: "mosfet_index", value: .integer(Int64(number - 1))),
                    .init(key: "state", value: .bool(isOn)),
                ], answers: ["set_mosfet", "mosfet"])
        case .tone(let tone): return line("buzzer", LineParams.tone(tone), answers: ["buzzer"])
        case .light(let light): return line("led", LineParams.light(light), answers: ["led"])
        case .role(let role):
            return named("set_device_role", [.init(key: "role", value: .string(role))])
        case .displayName(let name):
            return named("set_device_display_name", [.init(key: "name", value: .string(name))])
        case .other: return named(command.name, command.params.members ?? [])
        }
    }

    /// g7 hands the line on to Side A and says so if there is none.
    static func relayed(_ order: BoardOrder, _ command: BoardCommand) -> CommandForm { form(order, command) }

    private static func named(_ name: String, _ params: [JSON.Member]) -> CommandForm {
        let bare = name.hasPrefix("set_") || name.hasPrefix("get_") ? String(name.dropFirst(4)) : name
        return line(name, params, answers: [name, bare])
    }

    private static func line(_ name: String, _ params: [JSON.Member] = [], answers: [String]) -> CommandForm {
        let members = [JSON.Member(key: "cmd", value: .string(name))] + params.filter { $0.key != "cmd" }
        return .line(JSON.object(members).text, answer: .named(answers))
    }
}

/// g3 and g4: flat parameters and an id that comes back with the answer.
enum DeviceManagerForms {
    static func form(_ order: BoardOrder, _ command: BoardCommand) -> CommandForm {
        switch order {
        case .hello: return line("status", [], command)
        case .ping: return line("ping", [], command)
        case .scan: return line("scan", [], command)
        case .readSensors: return line("sensors", [], command)
        case .identity: return line("identity", [], command)
        case .reboot: return line("reboot", [], command)
        case .estop, .clearEstop: return CommandForm.noEstop("")
        case .interval(let milliseconds):
            return .line("telemetry period \(Int(min(max(milliseconds.rounded(), 200), 60_000)))", answer: .next)
        case .tone(let tone): return line("set_buzzer", LineParams.tone(tone), command)
        case .light(let light): return line("set_neopixel", LineParams.light(light), command)
        case .mosfet: return .inexpressible("this firmware answers ok to set_mosfet and switches nothing")
        case .role, .displayName, .other: return line(command.name, command.params.members ?? [], command)
        }
    }

    private static func line(_ name: String, _ params: [JSON.Member], _ command: BoardCommand) -> CommandForm {
        let own = [JSON.Member(key: "cmd", value: .string(name)), JSON.Member(key: "id", value: .string(command.id))]
        let members = own + params.filter { $0.key != "cmd" && $0.key != "id" }
        return .line(JSON.object(members).text, answer: .byID)
    }
}

/// g1, g5 and g6 take plain words.
enum TypedForms {
    static func form(_ order: BoardOrder, _ generation: LineGeneration) -> CommandForm {
        switch (order, generation) {
        case (.hello, .g1), (.hello, .g5), (.ping, .g1), (.ping, .g5): .line("status", answer: .named(["status"]))
        case (.hello, .g6), (.ping, .g6): .line("status", answer: .next)
        case (.scan, .g1): .line("scan", answer: .named(["scan"]))
        case (.scan, .g5): .line("periph list", answer: .named(["periph_list"]))
        case (.light(let light), .g1): .line(words(light), answer: .noneButErrors)
        case (.light(let light), .g5): .line(words(light), answer: .named(["led", "led.rgb"]))
        case (.light(let light), _): .line(words(light), answer: .next)
        case (.estop, _), (.clearEstop, _): CommandForm.noEstop("")
        default: .inexpressible("this firmware (\(generation.rawValue)) has no such command")
        }
    }

    private static func words(_ light: BoardOrder.Light) -> String {
        switch light {
        case .off: "led rgb 0 0 0"
        case .colour(let red, let green, let blue): "led rgb \(red) \(green) \(blue)"
        }
    }
}

/// The parameters of outputs in the words of the line firmware.
enum LineParams {
    static func tone(_ tone: BoardOrder.Tone?) -> [JSON.Member] {
        guard let tone else { return [.init(key: "stop", value: .bool(true))] }
        return [
            .init(key: "frequency", value: whole(tone.frequency)),
            .init(key: "duration", value: whole(tone.milliseconds)),
        ]
    }

    static func light(_ light: BoardOrder.Light) -> [JSON.Member] {
        guard case .colour(let red, let green, let blue) = light else {
            return [.init(key: "off", value: .bool(true))]
        }
        return zip(["r", "g", "b"], [red, green, blue]).map { .init(key: $0, value: .integer(Int64($1))) }
    }

    private static func whole(_ value: Double) -> JSON { .integer(Int64(min(max(value.rounded(), 0), 1_000_000))) }
}
