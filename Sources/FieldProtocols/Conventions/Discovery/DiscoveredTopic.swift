internal import GatewayModel

/// What is expected on one topic that discovery has named.
struct DiscoveredTopic {
    /// A value of it. An object, since it is described once and taken up by each message.
    final class Value {
        let device: DeviceName
        let metric: MetricName
        let unit: Unit
        /// Its template is beyond what is understood: what comes is not what the unit is of.
        let isRaw: Bool
        let isBinary: Bool
        let template: ValueTemplate
        let payloadOn: String
        let payloadOff: String
        /// Milliseconds; nil: it does not expire.
        let expireAfter: Int64?
        /// The configuration message it was described by.
        let source: String

        init(
            _ entity: DiscoveryMessage.Entity, of device: DeviceName, _ metric: MetricName, _ unit: Unit, source: String
        ) {
            self.device = device
            self.metric = metric
            self.unit = unit
            self.source = source
            isRaw = entity.foreignTemplate != nil
            isBinary = ["binary_sensor", "switch", "light", "fan", "siren"].contains(entity.component)
            template = entity.template
            payloadOn = entity.payloadOn
            payloadOff = entity.payloadOff
            expireAfter = entity.expireAfter.flatMap { Int64(exactly: ($0 * 1_000).rounded()) }.flatMap {
                $0 > 0 ? $0 : nil
            }
        }
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
