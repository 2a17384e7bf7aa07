public import FieldProtocols
public import GatewayModel

extension Profile {
    /// Every metric it can give.
    public var metrics: [MetricName] { rules.flatMap { $0.bits.isEmpty ? [$0.metric] : $0.bits.map(\.metric) } }

    private var rules: [FieldRule] {
        switch kind {
        case .lines(let codec): codec.rules.flatMap { $0.fields.map(\.rule) }
        case .binary(_, let codec): codec.fieldRules
        case .modbus(let map): map.points.filter { $0.group != nil }.map(\.rule)
        case .mqtt(let topics): topics.flatMap(\.codec.fieldRules)
        case .lorawan(let codecs): codecs.entries.flatMap(\.codec.fieldRules)
        }
    }
}

extension PayloadCodec {
    fileprivate var fieldRules: [FieldRule] {
        switch self {
        case .fields(let codec): codec.fields.map(\.rule)
        case .records(let codec): codec.kinds.flatMap { $0.fields.fields.map(\.rule) }
        case .lines(let codec): codec.rules.flatMap { $0.fields.map(\.rule) }
        case .value(let rule): [rule]
        }
    }
}
