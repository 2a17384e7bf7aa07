/// The topic families by the names of the configuration (`mqtt.families`), in the order in which they are asked.
public enum TopicFamilyName: String, Sendable, CaseIterable {
    case chirpstack
    case tts
    case sparkplug
    case homie
    case tasmota
    case zigbee2mqtt
    case shelly
    case homeassistant
    case esphome

    /// Those that are on unless the configuration says otherwise: their topics are unmistakable.
    public static let usual: [TopicFamilyName] = allCases

    /// A family that has heard nothing yet. `naming` and `profile` are for those of LoRaWAN.
    public func make(
        naming: LoRaNaming = LoRaNaming(),
        profile: @escaping PayloadReadings.ProfileCodec = { _, _, _, _, _ in nil }
    ) -> any TopicFamily {
        switch self {
        case .chirpstack: ChirpStackFamily(naming: naming, profile: profile)
        case .tts: ThingsStackFamily(naming: naming, profile: profile)
        case .sparkplug: SparkplugFamily()
        case .homie: HomieFamily()
        case .tasmota: TasmotaFamily()
        case .zigbee2mqtt: ZigbeeFamily()
        case .shelly: ShellyFamily()
        case .homeassistant: DiscoveryFamily()
        case .esphome: ESPHomeFamily()
        }
    }
}
