import Crypto
import FieldProtocols
import JSONText
public import MQTT

/// A board that publishes over MQTT, in one of the payload families of the field.
public struct MQTTBoard: Sendable {
    /// The families that are in use side by side.
    public enum Family: Sendable, CaseIterable {
        /// `mycosoft/devices/{id}/…`: sensors by name, no number, retained presence with a will.
        case agent
        /// `mycobrain/{id}/telemetry`: a pack of dotted names with `seq` and `msgId`.
        case bridge
        /// `mycobrain/{id}/envelope`: the JSON envelope with hash and signature.
        case signed
    }

    /// The id in its topics, and the family of its payloads.
    public let id: String
    public let family: Family
    /// Unsigned boards have none.
    public let publicKey: [UInt8]?
    /// The probability that a message is sent a second time, as after a lost acknowledgement. Only of families whose
    /// messages carry an id, since for the others nobody could tell.
    public var repetition: Double
    /// Messages made so far, repeats not counted.
    public private(set) var made = 0
    private let seed: [UInt8]
    private var random: SeededRandom
    private var climate = Climate()
    private var seq: UInt32 = 0

    /// A board that has published nothing yet.
    public init(id: String, family: Family, repetition: Double = 0, seed: UInt64 = 1) {
        self.id = id
        self.family = family
        self.repetition = repetition
        var random = SeededRandom(seed: seed)
        self.seed = random.bytes(Ed25519.seedByteCount)
        publicKey = family == .signed ? Ed25519.publicKey(seed: self.seed) : nil
        self.random = random
    }

    /// The presence that the board publishes when it connects, and has the broker publish when it is gone.
    public func presence(isOnline: Bool, wall milliseconds: Int64) -> MQTTPublication {
        let body: JSON = [
            "device_id": .string(id), "online": .bool(isOnline), "last_seen": .string(RFC3339.text(milliseconds)),
        ]
        return MQTTPublication(topic: "mycosoft/devices/\(id)/presence", text: body.text, retain: true)
    }

    /// Takes a measurement: the messages to publish, one or the same twice.
    public mutating func measure(wall milliseconds: Int64, monotonic: Int64) -> [MQTTPublication] {
        climate.step(using: &random)
        seq += 1
        made += 1
        let publication =
            switch family {
            case .agent: agentTelemetry(milliseconds)
            case .bridge: bridgeTelemetry(milliseconds)
            case .signed: signedEnvelope(milliseconds, monotonic)
            }
        return random.chance(repetition) && family != .agent ? [publication, publication] : [publication]
    }

    private func agentTelemetry(_ milliseconds: Int64) -> MQTTPublication {
        let ambient: JSON = [
            "temp_c": rounded(climate.temperature), "humidity_pct": rounded(climate.humidity),
            "pressure_hpa": rounded(climate.pressure), "iaq": .integer(Int64(25 + climate.counts[3] % 50)),
        ]
        let soil: JSON = [
            "value": .number(Double(climate.counts[0]) / 4_095), "raw": .integer(Int64(climate.counts[0])),
        ]
        let body: JSON = [
            "device_id": .string(id), "captured_at": .string(RFC3339.text(milliseconds)),
            "sensors": ["bme688_ambient": ambient, "soil_moisture": soil],
        ]
        return MQTTPublication(topic: "mycosoft/devices/\(id)/telemetry", text: body.text)
    }

    private mutating func bridgeTelemetry(_ milliseconds: Int64) -> MQTTPublication {
        let body: JSON = [
            "pack": pack, "ts": ["utc": .string(RFC3339.text(milliseconds))], "seq": .integer(Int64(seq)),
            "msgId": .string(UUIDText.random(using: &random)),
        ]
        return MQTTPublication(topic: "mycobrain/\(id)/telemetry", text: body.text)
    }

    private mutating func signedEnvelope(_ milliseconds: Int64, _ monotonic: Int64) -> MQTTPublication {
        var envelope: JSON = [
            "hdr": [
                "deviceId": .string(id), "msgId": .string(UUIDText.random(using: &random)), "proto": "mqtt",
            ],
            "ts": ["utc": .string(RFC3339.text(milliseconds)), "mono_ms": .integer(monotonic)],
            "seq": .integer(Int64(seq)), "pack": pack, "meta": ["schema": "mycosoft.v1", "units": "si"],
        ]
        let hash = BLAKE2b256.hash(Array(envelope.pythonCanonicalText.utf8))
        let signature = Ed25519.sign(message: Array("MYCO1".utf8) + hash, seed: seed) ?? []
        envelope["hash"] = .string("blake2b256:\(Hex.encode(hash))")
        envelope["sig"] = .string("ed25519:\(Base64.encode(signature))")
        return MQTTPublication(topic: "mycobrain/\(id)/envelope", text: envelope.text)
    }

    private var pack: JSON {
        [
            ["id": "bme688_a.temperature", "v": rounded(climate.temperature), "u": "C"],
            ["id": "bme688_a.humidity", "v": rounded(climate.humidity), "u": "%RH"],
            ["id": "bme688_a.pressure", "v": rounded(climate.pressure), "u": "hPa"],
            [
                "id": "analog.ai1", "v": .number((Double(climate.counts[0]) * 3.3 / 4_095 * 1e4).rounded() / 1e4),
                "u": "V",
            ],
        ]
    }

    /// Two decimals, so that the number prints the same everywhere.
    private func rounded(_ value: Float) -> JSON { .number((Double(value) * 100).rounded() / 100) }
}
