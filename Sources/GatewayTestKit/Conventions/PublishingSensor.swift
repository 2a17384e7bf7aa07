internal import FieldProtocols
internal import JSONText
public import MQTT

/// A sensor of temperature and humidity, by a convention whose devices only publish.
public struct PublishingSensor: ConventionDevice {
    /// What it speaks; the raw value is how the demo counts it.
    public enum Convention: String, CaseIterable, Sendable {
        case homeassistant, zigbee2mqtt, shelly, esphome, senml, influx, json
    }

    /// The topics that say nothing of their convention, as an entry of `mqtt.topics`.
    public static let ownTopics = "demo/#"
    /// Home Assistant's describe themselves so often before they measure: the gateway subscribes to what they name.
    private static let descriptionCount = 4

    /// Who it is, and how many messages with values it has made.
    public let deviceID: String
    public private(set) var made = 0
    private let convention: Convention
    private var round = 0
    private var climate = Climate()
    private var random: SeededRandom

    /// Named `demo-` and its convention.
    public init(_ convention: Convention, seed: UInt64) {
        self.convention = convention
        deviceID = "demo-\(convention.rawValue)"
        random = SeededRandom(seed: seed)
    }

    /// The convention's name.
    public var kind: String { convention.rawValue }

    /// The last word of those that have one.
    public var will: MQTTPublication? { presence(isThere: false) }

    /// That it is there.
    public mutating func connected(wall milliseconds: Int64) -> [MQTTPublication] {
        presence(isThere: true).map { [$0] } ?? []
    }

    /// Both values in one message, or each in its own.
    public mutating func measure(wall milliseconds: Int64) -> [MQTTPublication] {
        climate.step(using: &random)
        round += 1
        if convention == .homeassistant, round <= Self.descriptionCount { return [description] }
        let messages = values(milliseconds)
        made += messages.count
        return messages
    }

    private func presence(isThere: Bool) -> MQTTPublication? {
        let (topic, there, gone): (String, String, String)
        switch convention {
        case .homeassistant: (topic, there, gone) = ("\(deviceID)/status", "online", "offline")
        case .zigbee2mqtt: (topic, there, gone) = ("zigbee2mqtt/\(deviceID)/availability", "online", "offline")
        case .shelly: (topic, there, gone) = ("\(deviceID)/online", "true", "false")
        case .esphome: (topic, there, gone) = ("\(deviceID)/status", "online", "offline")
        case .senml, .influx, .json: return nil
        }
        return MQTTPublication(topic: topic, text: isThere ? there : gone, retain: true)
    }

    private var description: MQTTPublication {
        let body: JSON = [
            "unique_id": "\(deviceID)-t", "state_topic": "\(deviceID)/state", "unit_of_measurement": "°C",
            "value_template": "{{ value_json.temperature }}", "availability_topic": "\(deviceID)/status",
            "device": ["identifiers": ["\(deviceID)"]],
        ]
        let topic = "homeassistant/sensor/\(deviceID)/temperature/config"
        return MQTTPublication(topic: topic, text: body.text, retain: true)
    }

    private func values(_ wall: Int64) -> [MQTTPublication] {
        let temperature = JSON.number((Double(climate.temperature) * 10).rounded() / 10)
        let humidity = JSON.number((Double(climate.humidity) * 10).rounded() / 10)
        let both: JSON = ["temperature": temperature, "humidity": humidity]
        switch convention {
        case .homeassistant: return [MQTTPublication(topic: "\(deviceID)/state", text: both.text)]
        case .zigbee2mqtt: return [MQTTPublication(topic: "zigbee2mqtt/\(deviceID)", text: both.text)]
        case .shelly:
            let body: JSON = [
                "src": .string(deviceID), "method": "NotifyStatus",
                "params": [
                    "ts": .number(Double(wall) / 1_000), "temperature:0": ["id": 0, "tC": temperature],
                    "humidity:0": ["id": 0, "rh": humidity],
                ],
            ]
            return [MQTTPublication(topic: "\(deviceID)/events/rpc", text: body.text)]
        case .esphome:
            return [("temperature", temperature), ("humidity", humidity)].map { name, value in
                MQTTPublication(topic: "\(deviceID)/sensor/\(name)/state", text: value.text)
            }
        case .senml:
            let body: JSON = [
                [
                    "bn": "\(deviceID):", "bt": .number(Double(wall) / 1_000), "n": "temperature", "u": "Cel",
                    "v": temperature,
                ], ["n": "humidity", "u": "%RH", "v": humidity],
            ]
            return [MQTTPublication(topic: "demo/senml", text: body.text)]
        case .influx:
            let text =
                "air,device=\(deviceID) temperature=\(temperature.text),humidity=\(humidity.text) \(wall * 1_000_000)"
            return [MQTTPublication(topic: "demo/influx", text: text)]
        case .json:
            let body: JSON = ["time": .string(RFC3339.text(wall)), "temperature": temperature, "humidity": humidity]
            return [MQTTPublication(topic: "demo/\(deviceID)", text: body.text)]
        }
    }
}
