public import MQTT

/// A simulated device that publishes by a convention of others.
public protocol ConventionDevice {
    /// As the demo counts it, and as the gateway names what it measures.
    var kind: String { get }
    var deviceID: String { get }
    /// What it listens to: commands.
    var filters: [String] { get }
    /// Published by the broker when it vanishes; nil if its convention has no such word.
    var will: MQTTPublication? { get }
    /// Messages with values made so far: what has to become records.
    var made: Int { get }

    /// What it publishes when it connects.
    mutating func connected(wall milliseconds: Int64) -> [MQTTPublication]
    /// Takes a measurement.
    mutating func measure(wall milliseconds: Int64) -> [MQTTPublication]
    /// Answers a command.
    mutating func received(topic: String, payload: [UInt8], wall milliseconds: Int64) -> [MQTTPublication]
}

extension ConventionDevice {
    /// Listens to nothing.
    public var filters: [String] { [] }
    /// Has no answer.
    public mutating func received(topic: String, payload: [UInt8], wall milliseconds: Int64) -> [MQTTPublication] { [] }
}
