internal import GatewayModel

/// What is expected on one topic that discovery has named.
struct DiscoveredTopic {
    /// A value of it.
    struct Value {
        /// The configuration message it was described by.
        var source: String
        var device: DeviceName
        var metric: MetricName
        var unit: Unit
        var template: ValueTemplate
        /// Its template is beyond what is understood: what comes is not what the unit is of.
        var isRaw: Bool
        var isBinary: Bool
        var payloadOn: String
        var payloadOff: String
        /// Milliseconds; nil: it does not expire.
        var expireAfter: Int64?
    }

    /// The word on whether a device is there.
    struct Word {
        var source: String
        var device: DeviceName
        var availability: DiscoveryMessage.Availability
        /// What it has said last.
        var isUp: Bool?
    }

    var values: [Value] = []
    var words: [Word] = []

    var isEmpty: Bool { values.isEmpty && words.isEmpty }

    mutating func remove(source: String) {
        values.removeAll { $0.source == source }
        words.removeAll { $0.source == source }
    }
}
