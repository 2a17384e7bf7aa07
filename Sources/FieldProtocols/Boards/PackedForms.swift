internal import JSONText

/// The binary generation: a command is an id with bytes, and what an id means depends on the build (reference, 1.9).
enum PackedForms {
    private enum ID {
        static let scan: UInt16 = 0x0002
        static let interval: UInt16 = 0x0003
        static let mosfet: UInt16 = 0x0004
        static let reboot: UInt16 = 0x0009
        static let role: UInt16 = 0x000A
        static let displayName: UInt16 = 0x000B
        static let identity: UInt16 = 0x000C
        static let pixelSet: UInt16 = 0x0010
        static let pixelOff: UInt16 = 0x0013
        static let tone: UInt16 = 0x0020
        static let silence: UInt16 = 0x0022
    }

    /// To a board whose frames come in on this port.
    static func form(_ order: BoardOrder, _ traits: BoardTraits) -> CommandForm {
        switch packed(order, build: traits.build) {
        case .failure(let misfit): .inexpressible(misfit.reason)
        case .success(let command):
            .packed(
                bytes(command),
                answer: command.id == ID.reboot ? .receipt : .named([String(command.id)]))
        }
    }

    /// Through a LoRa bridge: `{"cmd":4,"dst":161,"data":[1,1]}`. It only ever says that it has sent something. Which
    /// build hears it nobody knows, so ids that collide are not sent.
    static func relayed(_ order: BoardOrder, _ command: BoardCommand) -> CommandForm {
        switch packed(order, build: nil) {
        case .failure(let misfit): return .inexpressible(misfit.reason)
        case .success(let packed):
            let line: JSON = [
                "cmd": .integer(Int64(packed.id)), "dst": .integer(Int64(command.target.rawValue)),
                "data": .array(packed.content.map { .integer(Int64($0)) }),
            ]
            return .line(line.text, answer: .named(["sent"]))
        }
    }

    private static func bytes(_ command: BinaryCommand) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: command.id)
        bytes.append(littleEndian: UInt16(command.content.count))
        return bytes + command.content
    }

    private static func packed(
        _ order: BoardOrder, build: BoardTraits.BinaryBuild?
    ) -> Result<BinaryCommand, BoardOrder.Misfit> {
        var content: [UInt8] = []
        switch order {
        // The only question without a consequence.
        case .hello, .ping, .identity: return .success(BinaryCommand(id: ID.identity, content: []))
        case .scan: return .success(BinaryCommand(id: ID.scan, content: []))
        case .reboot: return .success(BinaryCommand(id: ID.reboot, content: []))
        case .interval(let milliseconds):
            content.append(littleEndian: UInt32(min(max(milliseconds.rounded(), 100), 60_000)))
            return .success(BinaryCommand(id: ID.interval, content: content))
        case .mosfet(let number, let isOn):
            return .success(BinaryCommand(id: ID.mosfet, content: [UInt8(number), isOn ? 1 : 0]))
        case .role(let role): return .success(BinaryCommand(id: ID.role, content: Array(role.utf8)))
        case .displayName(let name): return .success(BinaryCommand(id: ID.displayName, content: Array(name.utf8)))
        case .light(let light):
            if let misfit = collision("the light", build, ids: "0x0010 to 0x0013", other: "Wi-Fi sensing") {
                return .failure(misfit)
            }
            guard case .colour(let red, let green, let blue) = light else {
                return .success(BinaryCommand(id: ID.pixelOff, content: []))
            }
            return .success(BinaryCommand(id: ID.pixelSet, content: [UInt8(red), UInt8(green), UInt8(blue)]))
        case .tone(let tone):
            if let misfit = collision("the buzzer", build, ids: "0x0020 to 0x0022", other: "a drone's missions") {
                return .failure(misfit)
            }
            guard let tone else { return .success(BinaryCommand(id: ID.silence, content: [])) }
            for value in [tone.frequency, tone.milliseconds] {
                content.append(littleEndian: UInt16(min(max(value.rounded(), 0), 65_535)))
            }
            return .success(BinaryCommand(id: ID.tone, content: content))
        case .estop, .clearEstop:
            return .failure(.init(reason: "this firmware has no emergency stop; switch its outputs off one by one"))
        case .readSensors:
            return .failure(.init(reason: "this firmware sends readings by itself and has no command to ask for them"))
        case .other: return .failure(.init(reason: "this firmware takes commands by number and has none for this"))
        }
    }

    /// Why ids that mean something else on another build are not sent; nil if the board has shown that it is `side_a`.
    private static func collision(
        _ what: String, _ build: BoardTraits.BinaryBuild?, ids: String, other: String
    ) -> BoardOrder.Misfit? {
        switch build {
        case .sideA: nil
        case .wifiSense, .drone: .init(reason: "command ids \(ids) do not mean \(what) on this build")
        case nil:
            .init(
                reason: "command ids \(ids) mean \(what) on one build and \(other) on another: which is not known yet")
        }
    }
}
