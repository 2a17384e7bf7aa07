import Drivers
import FieldProtocols
import GatewayModel
import JSONText

/// A parser of Modbus or of profiles that is fed with damaged input.
public enum ProfileFuzzTarget: String, CaseIterable, Sendable {
    case modbusRTU = "modbus-rtu"
    case modbusTCP = "modbus-tcp"
    /// Registers by maps, and maps' values back to registers.
    case modbusValues = "modbus-values"
    case lines, csv, json, binary, mqtt, lorawan
    /// Regular expressions, and lines for them.
    case patterns
    /// Captures and expectations of profile folders.
    case captures
    /// Profiles themselves.
    case yaml
}

/// Feeds one parser: seeded, so that what traps can be found again. An input for profiles begins with a byte that says
/// which of them is meant.
public struct ProfileFuzz {
    private let target: ProfileFuzzTarget
    /// Good inputs.
    public let samples: [[UInt8]]
    private let profiles: [Profile]
    private var lines: [LineReader] = []
    private var frames: [(FrameReader, PayloadReader)] = []
    private var topics: [[(Profile.TopicRule, PayloadReader)]] = []
    private var ports: [PortReader] = []
    private var blocks: [[ReadBlock]] = []
    private var scratch = PatternScratch()
    private var batch = ObservationBatch()

    /// What is shipped in `drivers/`, and profiles that use every key there is.
    public init(_ target: ProfileFuzzTarget) throws {
        self.target = target
        let sources = try ProfileFuzzSource.all()
        let wanted = sources.filter { $0.isFor(target) }
        profiles = wanted.map(\.profile)
        samples = try Self.samples(target, wanted)
        for profile in profiles {
            switch profile.kind {
            case .lines(let codec): lines.append(LineReader(codec))
            case .binary(let frame, let codec): frames.append((FrameReader(frame), PayloadReader(codec)))
            case .modbus(let map): blocks.append(map.groups.indices.flatMap { map.blocks(of: $0) })
            case .mqtt(let rules): topics.append(rules.map { ($0, PayloadReader($0.codec)) })
            case .lorawan(let codecs): ports.append(PortReader(codecs))
            }
        }
    }

    private static func samples(_ target: ProfileFuzzTarget, _ sources: [ProfileFuzzSource]) throws -> [[UInt8]] {
        switch target {
        case .modbusRTU, .modbusTCP:
            let vectors = try JSON(parsing: Vectors.bytes("instruments/modbus-rtu-frames.json"))
            let list = vectors[target == .modbusRTU ? "frames" : "modbus_tcp"]?.array ?? []
            return list.compactMap { $0["hex"]?.string.flatMap(ProfileFuzzSource.hex) }
        case .patterns:
            return [
                "^T=(?<t>-?[0-9.]+) H=(?<h>\\d+)%$\nT=-4.5 H=60%", "(?<a>[^,]{1,9}),(?:x|y)*?[\\w\\-]+$\nab,xyxy-a",
                "(?<q>a{2,5}?|b+)*\\x41(?:(?:(?:){9}){9}){9}\naabbA",
            ].map { Array($0.utf8) }
        case .yaml: return sources.map(\.document)
        default:
            return sources.enumerated().flatMap { index, source in
                source.inputs(target).map { [UInt8(truncatingIfNeeded: index)] + $0 }
            }
        }
    }

    /// Gives the parser any bytes.
    public mutating func feed(_ input: UnsafeRawBufferPointer) {
        defer { batch.removeAll() }
        switch target {
        case .modbusRTU: Self.cut(input) { $0.nextRTU($1) }
        case .modbusTCP: Self.cut(input) { $0.nextTCP($1) }
        case .patterns: match(input)
        case .yaml: _ = ProfileDocument.read(Array(input), file: "profile.yaml")
        default:
            guard let first = input.first, !profiles.isEmpty else { return }
            feed(UnsafeRawBufferPointer(rebasing: input.dropFirst()), profile: Int(first) % profiles.count)
        }
    }

    /// As the other, for bytes in an array.
    public mutating func feed(_ input: [UInt8]) { input.withUnsafeBytes { feed($0) } }

    private mutating func feed(_ input: UnsafeRawBufferPointer, profile index: Int) {
        switch (target, profiles[index].kind) {
        case (.captures, _): replay(input, by: profiles[index])
        case (_, .lines):
            for line in input.split(separator: 0x0A) {
                _ = lines[index].read(UnsafeRawBufferPointer(rebasing: line), into: &batch)
            }
        case (_, .binary):
            var (payloads, made) = (frames[index].1, ObservationBatch())
            frames[index].0.read(input) { _ = try? payloads.read($0, into: &made) }  // what is none gives nothing
        case (_, .modbus(let map)): values(input, map, blocks[index])
        case (_, .mqtt): message(input, index)
        case (_, .lorawan):
            guard let port = input.first else { return }
            // What is none gives nothing.
            _ = try? ports[index].read(UnsafeRawBufferPointer(rebasing: input.dropFirst()), port: port, into: &batch)
        }
    }

    private static func cut(
        _ bytes: UnsafeRawBufferPointer, _ next: (inout ModbusCapture, UnsafeRawBufferPointer) -> ModbusCapture.Step
    ) {
        var capture = ModbusCapture()
        var start = 0
        while start < bytes.count {
            start += max(1, next(&capture, UnsafeRawBufferPointer(rebasing: bytes[start...])).byteCount)
        }
    }

    private mutating func match(_ input: UnsafeRawBufferPointer) {
        let parts = input.split(separator: 0x0A, maxSplits: 1)
        // Most are no patterns.
        guard let first = parts.first, let pattern = try? LinePattern(String(decoding: first, as: UTF8.self)),
            let line = parts.last, pattern.matches(UnsafeRawBufferPointer(rebasing: line), &scratch)
        else { return }
        for group in pattern.groupNames.indices { _ = pattern.range(of: group, in: scratch) }
    }

    private mutating func values(_ input: UnsafeRawBufferPointer, _ map: ModbusMap, _ blocks: [ReadBlock]) {
        let registers = stride(from: 0, to: input.count - 1, by: 2).map {
            UInt16(input[$0]) << 8 | UInt16(input[$0 + 1])
        }
        for block in blocks { map.append(registers, of: block, to: &batch) }
        for reading in batch.readings {
            guard case .number(let value) = reading.value else { continue }
            for type in RegisterType.allCases { _ = type.registers(for: value, order: .wordSwap) }
        }
        _ = WordOrderReadings.of(registers)
    }

    private mutating func message(_ input: UnsafeRawBufferPointer, _ profile: Int) {
        let parts = input.split(separator: 0x20, maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        let topic = String(decoding: parts[0], as: UTF8.self)
        for index in topics[profile].indices where topics[profile][index].0.device(in: topic) != nil {
            // What is none gives nothing.
            _ = try? topics[profile][index].1.read(UnsafeRawBufferPointer(rebasing: parts[1]), into: &batch)
        }
    }

    private func replay(_ input: UnsafeRawBufferPointer, by profile: Profile) {
        // Captures that are none are told.
        let made = try? ProfileReplay.observations(of: Array(input), capture: "x", by: profile)
        for observation in made ?? [] { _ = ReplayedObservation(observation.json) }
        // An expectation that is none is left out.
        guard let json = try? JSON(parsing: Array(input)) else { return }
        _ = ReplayedObservation(json)
    }
}
