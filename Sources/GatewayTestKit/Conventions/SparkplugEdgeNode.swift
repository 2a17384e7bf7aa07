internal import FieldProtocols
public import MQTT

/// An edge node of Sparkplug B with one device: births with names, data with aliases only, and a birth again on command.
public struct SparkplugEdgeNode: ConventionDevice {
    public let kind = "sparkplug"
    public let deviceID = "Demo:edge-1:env"
    public private(set) var made = 0
    /// Births that were asked for.
    public private(set) var rebirths = 0
    private var seq: UInt8 = 0
    private var session: UInt64 = 0
    private var climate = Climate()
    private var random: SeededRandom

    public init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// The command for a birth.
    public var filters: [String] { ["spBv1.0/Demo/NCMD/edge-1"] }

    /// Its last word.
    public var will: MQTTPublication? {
        MQTTPublication(topic: "spBv1.0/Demo/NDEATH/edge-1", payload: sessionPayload(time: 0, seq: nil))
    }

    /// A new session, and its birth.
    public mutating func connected(wall milliseconds: Int64) -> [MQTTPublication] { births(milliseconds) }

    /// Temperature and humidity by their aliases.
    public mutating func measure(wall milliseconds: Int64) -> [MQTTPublication] {
        climate.step(using: &random)
        made += 1
        seq &+= 1
        return [
            MQTTPublication(
                topic: "spBv1.0/Demo/DDATA/edge-1/env", payload: values(milliseconds, names: false))
        ]
    }

    /// Any command to a node of this kind is one for its birth.
    public mutating func received(topic: String, payload: [UInt8], wall milliseconds: Int64) -> [MQTTPublication] {
        rebirths += 1
        return births(milliseconds)
    }

    private mutating func births(_ milliseconds: Int64) -> [MQTTPublication] {
        seq = 0
        let birth = sessionPayload(time: milliseconds, seq: 0)
        seq = 1
        made += 1
        return [
            MQTTPublication(topic: "spBv1.0/Demo/NBIRTH/edge-1", payload: birth),
            MQTTPublication(topic: "spBv1.0/Demo/DBIRTH/edge-1/env", payload: values(milliseconds, names: true)),
        ]
    }

    private func sessionPayload(time: Int64, seq: UInt8?) -> [UInt8] {
        var metric = ProtobufWriter()
        metric.text(1, "bdSeq")
        metric.varint(4, 4)
        metric.varint(11, session)
        var payload = ProtobufWriter()
        payload.varint(1, UInt64(clamping: time))
        payload.bytes(2, metric.bytes)
        if let seq { payload.varint(3, UInt64(seq)) }
        return payload.bytes
    }

    private func values(_ milliseconds: Int64, names: Bool) -> [UInt8] {
        var payload = ProtobufWriter()
        payload.varint(1, UInt64(clamping: milliseconds))
        for (alias, name, value) in [
            (UInt64(1), "Environment/Temperature", climate.temperature), (2, "Environment/Humidity", climate.humidity),
        ] {
            var metric = ProtobufWriter()
            if names { metric.text(1, name) }
            metric.varint(2, alias)
            metric.varint(4, 9)
            metric.fixed32(12, value.bitPattern)
            payload.bytes(2, metric.bytes)
        }
        payload.varint(3, UInt64(seq))
        return payload.bytes
    }
}
