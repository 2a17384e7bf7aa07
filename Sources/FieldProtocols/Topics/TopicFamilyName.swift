/// The topic families by the names of the configuration (`mqtt.families`), in the order in which they are asked.
public enum TopicFamilyName: String, Sendable, CaseIterable {
    case sparkplug
    case esphome

    /// Those that are on unless the configuration says otherwise: their topics are unmistakable.
    public static let usual: [TopicFamilyName] = allCases

    /// A family that has heard nothing yet.
    public func make() -> any TopicFamily {
        switch self {
        case .sparkplug: SparkplugFamily()
        case .esphome: ESPHomeFamily()
        }
    }
}
