import Crypto
import Drivers
import FieldProtocols
import JSONText

/// A profile to be fuzzed, and good inputs for it.
struct ProfileFuzzSource {
    let document: [UInt8]
    let profile: Profile
    let captures: [[UInt8]]

    /// The shipped ones first.
    static func all() throws -> [ProfileFuzzSource] {
        let folders = ProfileLibrary.folders(in: "\(Vectors.packageRoot)/drivers")
        let shipped = try folders.map { folder in
            let names = Set(ProfileCheck(folder: folder).observations.map(\.capture)).sorted()
            return try ProfileFuzzSource(
                File.bytes("\(folder)/profile.yaml"), captures: names.map { try File.bytes("\(folder)/captures/\($0)") }
            )
        }
        return shipped + (try everyKey.map { try ProfileFuzzSource(Array($0.0.utf8), captures: [Array($0.1.utf8)]) })
    }

    private init(_ document: [UInt8], captures: [[UInt8]]) throws {
        self.document = document
        self.captures = captures
        profile = try ProfileDocument.read(document, file: "profile.yaml").get()
    }

    /// Whether the target's parser reads this one.
    func isFor(_ target: ProfileFuzzTarget) -> Bool {
        switch (target, profile.kind) {
        case (.captures, _), (.yaml, _): true
        case (.lines, .lines(let codec)):
            codec.rules.contains { if case .pattern = $0.form { true } else { false } }
        case (.csv, .lines(let codec)):
            codec.rules.contains { if case .columns = $0.form { true } else { false } }
        case (.json, .lines(let codec)):
            codec.rules.contains { if case .json = $0.form { true } else { false } }
        case (.binary, .binary), (.modbusValues, .modbus), (.mqtt, .mqtt), (.lorawan, .lorawan): true
        default: false
        }
    }

    /// The captures as the target's parser wants them.
    func inputs(_ target: ProfileFuzzTarget) -> [[UInt8]] {
        if target == .captures { return captures }
        return captures.flatMap { capture -> [[UInt8]] in
            let lines = capture.split { $0 == 0x0A || $0 == 0x0D }.map(Array.init).filter {
                $0.first != UInt8(ascii: "#")
            }
            switch profile.kind {
            case .lines: return lines
            case .binary: return [lines.compactMap(Self.bytes).flatMap { $0 }]
            case .modbus:
                return lines.filter { $0.first == UInt8(ascii: "<") }.compactMap { Self.bytes(Array($0.dropFirst())) }
                    .map { Array($0.dropFirst(3).dropLast(2)) }
            case .mqtt: return lines.compactMap(Self.message)
            case .lorawan:
                return lines.compactMap { line in
                    let parts = String(decoding: line, as: UTF8.self).split(separator: " ", maxSplits: 1)
                    guard parts.count == 2, let port = UInt8(parts[0]) else { return nil }
                    return Self.hex(String(parts[1])).map { [port] + $0 }
                }
            }
        }
    }

    private static func bytes(_ line: [UInt8]) -> [UInt8]? { hex(String(decoding: line, as: UTF8.self)) }

    static func hex(_ text: String) -> [UInt8]? { Hex.decode(text.filter { $0 != " " }) }

    /// Topic, a blank, payload.
    private static func message(_ line: [UInt8]) -> [UInt8]? {
        // A capture that is none gives no input.
        guard let json = try? JSON(parsing: line), let topic = json["topic"]?.string else { return nil }
        let payload = json["json"]?.bytes ?? json["payload"]?.string.map { Array($0.utf8) }
        return (payload ?? json["hex"]?.string.flatMap(hex)).map { Array(topic.utf8) + [0x20] + $0 }
    }
}
