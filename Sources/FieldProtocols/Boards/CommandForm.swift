internal import JSONText

/// A command as one firmware generation takes it, and the answer to wait for (reference, sections 1.9 and 2.3).
enum CommandForm: Equatable {
    /// Payload of a COMMAND frame.
    case frame([UInt8])
    /// Payload of a COMMAND frame of the binary generation.
    case packed([UInt8], answer: Answer)
    /// A line of JSON or plain words, without its end.
    case line(String, answer: Answer)
    /// This firmware cannot do it; the reason is for people.
    case inexpressible(String)

    enum Answer: Equatable {
        /// The answer carries the command's id.
        case byID
        /// The answer is called one of these.
        case named([String])
        /// The next answer without an id is it.
        case next
        /// Only a refusal is ever said: silence is consent.
        case noneButErrors
        /// The arrival of the frame is all that is ever told.
        case receipt
    }

    /// Members a command may have: boards parse it in 512 bytes of memory.
    private static let memberMax = 16

    init(_ command: BoardCommand, for generation: LineGeneration, _ traits: BoardTraits = BoardTraits()) {
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
        do throws(BoardOrder.Misfit) {
            self = try Self.form(command, generation, traits)
        } catch {
            self = .inexpressible(error.reason)
        }
    }

    private static func form(
        _ command: BoardCommand, _ generation: LineGeneration, _ traits: BoardTraits
    ) throws(BoardOrder.Misfit) -> CommandForm {
        switch generation {
        case .g11: try frame(command)
        case .g2: try ProductionForms.form(BoardOrder(command), command)
        case .g7: try ProductionForms.relayed(BoardOrder(command), command)
        case .g3, .g4: try DeviceManagerForms.form(BoardOrder(command), command)
        case .g1, .g5, .g6: try TypedForms.form(BoardOrder(command), generation)
        case .g8: try PackedForms.relayed(BoardOrder(command), command)
        case .g9 where traits.speaksBinary: try PackedForms.form(BoardOrder(command), traits)
        case .g9: .inexpressible("this firmware takes commands over its UART only, not over USB")
        case .g10: .inexpressible("this firmware (FCI) takes commands over its network link only, not over USB")
        }
    }

    /// g11: names and parameters are the vocabulary's own; what it does not know the board refuses itself.
    private static func frame(_ command: BoardCommand) throws(BoardOrder.Misfit) -> CommandForm {
        var name = command.name
        var params = command.params
        switch name {
        // The only question this firmware answers without doing anything.
        case "ping", "status", "identity": name = "hello"
        case "scan", "i2c_scan": return .inexpressible("this firmware has no scan; its HELLO lists the sensors")
        case "reboot", "reset": return .inexpressible("this firmware has no command to restart it")
        case "stream_sensors", "interval", "set_telemetry_interval":
            guard case .interval(let milliseconds) = try BoardOrder(command) else { break }
            if params["rate_hz"] == nil { params = ["rate_hz": .number(1000 / milliseconds)] }
            name = "stream_sensors"
        case "output": name = "output_control"
        default: break
        }
        let text: JSON = ["cmd": .string(name), "params": params]
        return .frame(text.bytes)
    }

    static func noEstop(_ hint: String) -> CommandForm {
        .inexpressible("this firmware has no emergency stop" + hint)
    }
}
