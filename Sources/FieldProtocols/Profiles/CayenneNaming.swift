internal import GatewayModel

/// Cayenne LPP with names of the device's own: `temperature.1` says which channel, not what hangs on it.
struct CayenneNaming {
    private var readings = CayenneReadings()
    private var decoded = ObservationBatch()
    /// By the name that the channel has by itself.
    private var rules: [MetricName: FieldRule]

    init(_ fields: [LineCodec.Field]) {
        let named = fields.compactMap { field in MetricName(field.source).map { ($0, field.rule) } }
        rules = Dictionary(named, uniquingKeysWith: { first, _ in first })
    }

    /// Adds the readings to the open observation; channels without a name of their own keep the usual one.
    ///
    /// - Returns: whether every byte was understood.
    mutating func append(_ payload: UnsafeRawBufferPointer, to batch: inout ObservationBatch) -> Bool {
        decoded.removeAll()
        let isWhole = readings.append(payload, to: &decoded) == nil
        for reading in decoded.readings {
            guard let rule = rules[reading.metric], case .number(let value) = reading.value else {
                batch.append(reading)
                continue
            }
            let named = rule.measured(in: reading.unit)
            if named !== rule { rules[reading.metric] = named }
            named.append(.number(value), to: &batch)
        }
        return isWhole
    }
}
