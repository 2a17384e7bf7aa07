internal import FieldProtocols
internal import JSONText
public import MQTT

/// A plug with an energy meter and a temperature probe, as Tasmota publishes it.
public struct TasmotaPlug: ConventionDevice {
    public let kind = "tasmota"
    public let deviceID = "tasmota_DEM001"
    public private(set) var made = 0
    private var climate = Climate()
    private var random: SeededRandom

    public init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// Its last word.
    public var will: MQTTPublication? {
        MQTTPublication(topic: "tele/\(deviceID)/LWT", text: "Offline", retain: true)
    }

    /// The retained word that it is there.
    public mutating func connected(wall milliseconds: Int64) -> [MQTTPublication] {
        [MQTTPublication(topic: "tele/\(deviceID)/LWT", text: "Online", retain: true)]
    }

    /// Its sensors, with the local time that has no zone.
    public mutating func measure(wall milliseconds: Int64) -> [MQTTPublication] {
        climate.step(using: &random)
        made += 1
        let body: JSON = [
            "Time": .string(String(RFC3339.text(milliseconds).prefix(19))),
            "ENERGY": [
                "Total": .number(Double(made) / 1_000), "Power": .integer(Int64(climate.counts[0] % 100)),
                "Voltage": 231,
            ],
            "DS18B20": [
                "Id": "0000DEM00001", "Temperature": .number((Double(climate.temperature) * 10).rounded() / 10),
            ],
            "TempUnit": "C",
        ]
        return [MQTTPublication(topic: "tele/\(deviceID)/SENSOR", text: body.text)]
    }
}
