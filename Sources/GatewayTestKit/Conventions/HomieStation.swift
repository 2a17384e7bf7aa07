internal import JSONText
public import MQTT

/// A weather station of the Homie convention, version 5: its values are retained texts.
public struct HomieStation: ConventionDevice {
    public let kind = "homie"
    public let deviceID = "station-1"
    public private(set) var made = 0
    private var climate = Climate()
    private var random: SeededRandom
    private static let root = "homie/5/station-1"

    public init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Its last word.
    public var will: MQTTPublication? {
        MQTTPublication(topic: "\(Self.root)/$state", text: "lost", retain: true)
    }

    /// What it is, and that it is ready.
    public mutating func connected(wall milliseconds: Int64) -> [MQTTPublication] {
        let description: JSON = [
            "homie": "5.0", "version": 1, "name": "Station",
            "nodes": ["air": ["properties": ["temperature": ["datatype": "float", "unit": "°C"]]]],
        ]
        return [
            MQTTPublication(topic: "\(Self.root)/$description", text: description.text, retain: true),
            MQTTPublication(topic: "\(Self.root)/$state", text: "ready", retain: true),
        ]
    }

    /// The temperature.
    public mutating func measure(wall milliseconds: Int64) -> [MQTTPublication] {
        climate.step(using: &random)
        made += 1
        let value = (Double(climate.temperature) * 100).rounded() / 100
        return [MQTTPublication(topic: "\(Self.root)/air/temperature", text: "\(value)", retain: true)]
    }
}
