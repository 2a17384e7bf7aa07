public import FieldProtocols
public import GatewayModel

extension Profile {
    /// Every metric it can give.
    public var metrics: [MetricName] { rules.flatMap { $0.bits.isEmpty ? [$0.metric] : $0.bits.map(\.metric) } }

    private var rules: [FieldRule] {
        switch kind {
        case .lines(let codec): codec.rules.flatMap { $0.fields.map(\.rule) }
        case .binary(_, let codec): codec.rules
        case .modbus(let map): map.points.filter { $0.group != nil }.map(\.rule)
        case .mqtt(let topics): topics.flatMap(\.codec.rules)
        case .lorawan(let codecs): codecs.entries.flatMap(\.codec.rules)
        }
    }
}
