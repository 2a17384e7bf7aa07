internal import FieldProtocols
import GatewayModel
import JSONText

/// A parser of the LoRa family that is fed with damaged input.
public enum LoRaFuzzTarget: String, CaseIterable, Sendable {
    case semtech, lorawan, cayenne, chirpstack, tts
    case basicsStation = "basics-station"
    case rak3172
    case modemLines = "modem-lines"
    case meshtastic
    /// The topic families with their state.
    case families
}

/// Feeds one parser: seeded, so that what traps can be found again.
public struct LoRaFuzz {
    private let target: LoRaFuzzTarget
    /// Good inputs.
    public let samples: [[UInt8]]
    private var random: SeededRandom
    private var decoder: TopicDecoder
    private var batch = ObservationBatch()

    private static let topics = [
        "application/a/device/0004a30b001c0530/event/up", "application/a/device/0004a30b001c0530/event/ack",
        "application/a/device/0004a30b001c0530/event/log", "v3/app1@tenant1/devices/env-01/up",
        "v3/app1@tenant1/devices/env-01/down/ack",
    ]

    /// Samples are the vectors.
    public init(_ target: LoRaFuzzTarget, seed: UInt64) throws {
        self.target = target
        random = SeededRandom(seed: seed)
        decoder = TopicDecoder(
            policy: { _ in .none }, families: [TopicFamilyName.chirpstack, .tts].map { $0.make() })
        samples = try Self.samples(target)
    }

    private static func samples(_ target: LoRaFuzzTarget) throws -> [[UInt8]] {
        func file(_ name: String) throws -> [UInt8] { try Vectors.bytes("lora/\(name)") }
        func payloads(_ name: String) throws -> [[UInt8]] {
            let root = try JSON(parsing: file(name))
            return (root.array ?? [root]).compactMap { ($0["payload"] ?? $0["json"])?.bytes }
        }
        switch target {
        case .semtech:
            let root = try JSON(parsing: file("semtech-udp.json"))
            return (root["packets"]?.members ?? []).compactMap { $0.value["hex"]?.string.flatMap(hex) }
        case .lorawan:
            return [
                "400403020180010202067c5aa7eb4c094a3f9ba79a57beff", "00010000d07ed5b37030051c000ba304003412c885875c",
            ]
            .compactMap(hex)
        case .cayenne:
            let root = try JSON(parsing: file("cayenne-lpp.json"))
            return (root["cases"]?.array ?? []).compactMap { $0["hex"]?.string.flatMap(hex) }
        case .chirpstack: return try payloads("chirpstack-up.json") + payloads("chirpstack-events.json")
        case .tts: return try payloads("tts-v3.json")
        case .basicsStation: return try payloads("basics-station.json")
        case .rak3172: return try lines("rak3172-p2p-session.txt")
        case .modemLines: return try lines("other-modem-lines.txt")
        case .meshtastic:
            return [hex("94c3001012000d01000000350200000045000040c160c8ff"), hex("94c3000512034142430a")].compactMap {
                $0
            }
        case .families: return try payloads("chirpstack-up.json") + payloads("tts-v3.json")
        }
    }

    private static func lines(_ name: String) throws -> [[UInt8]] {
        try Vectors.bytes("lora/\(name)").split(separator: 0x0A).map { Array($0) + [0x0D, 0x0A] }
    }

    private static func hex(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var digits = text.utf8.makeIterator()
        while let high = digits.next(), let low = digits.next() {
            guard let byte = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return bytes
    }

    /// One more input.
    public mutating func step() {
        guard let sample = samples.randomElement(using: &random) else { return }
        feed(random.mutated(sample))
    }

    /// Gives the parser any bytes.
    public mutating func feed(_ input: [UInt8]) {
        if target == .families {
            let topic = Self.topics.randomElement(using: &random) ?? ""
            _ = decoder.decode(
                topic: topic, payload: input, retained: random.chance(0.1),
                received: ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: true), monotonicMilliseconds: 0),
                into: &batch)
            return batch.removeAll()
        }
        guard let format = CaptureDecoder.Format(rawValue: target.rawValue) else { return }
        var options = CaptureDecoder.Options()
        options.networkKey = Array(repeating: 1, count: 16)
        options.applicationKey = Array(repeating: 2, count: 16)
        _ = input.withUnsafeBytes { CaptureDecoder.decode($0, as: format, options: options) { _ in } }
    }
}
