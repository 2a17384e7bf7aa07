internal import GatewayModel

extension SparkplugFamily {
    /// Appends the metrics as readings, one observation for each time that they were measured at.
    mutating func store(
        _ payload: SparkplugPayload, _ route: Route, _ message: TopicMessage, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let isBirth = route.kind == .nodeBirth || route.kind == .deviceBirth
        var time = payload.timestamp
        var part: UInt64 = 0
        var unknownCount = 0
        let isWhole = try payload.forEachMetric(
            { (metric) throws(RejectReason) in
                if let own = metric.timestamp ?? payload.timestamp, own != time {
                    if !batch.openReadings.isEmpty {
                        // Nothing may be left half done: what follows must be sound.
                        if part == 0 { try payload.check() }
                        close(payload, time, part, route, message, into: &batch)
                        part += 1
                    }
                    time = own
                }
                guard let known = try known(metric, route, isBirth: isBirth, &effects) else {
                    unknownCount += 1
                    return
                }
                if let name = known.metric {
                    try Self.append(metric, known, name, route.device, message, into: &batch, &effects)
                }
            }, failed: { _ in .protobuf })
        if !batch.openReadings.isEmpty { close(payload, time, part, route, message, into: &batch) }
        if !isWhole { effects.drop(.tooManyReadings) }
        guard unknownCount > 0 else { return }
        effects.drop(.unknownAlias)
        requireRebirth()
        keep(message, route, into: &batch)
    }

    private mutating func close(
        _ payload: SparkplugPayload, _ time: UInt64?, _ part: UInt64, _ route: Route, _ message: TopicMessage,
        into batch: inout ObservationBatch
    ) {
        var observation = message.observation(of: route.device)
        observation.deviceTime =
            time.flatMap { Int64(exactly: $0) }.flatMap { DeviceTime.judged($0, received: message.received) }
        // Without the time, the same number comes again after 256 messages.
        guard let sent = payload.timestamp, let seq = payload.seq else { return batch.append(observation) }
        identity.make("spb-", message, sent, seq, part)
        identity.append(observation, to: &batch)
    }

    /// What is known of the metric; of a birth it is remembered. Nil: an alias that nobody has explained.
    private mutating func known(
        _ metric: SparkplugMetric, _ route: Route, isBirth: Bool, _ effects: inout TopicEffects
    ) throws(RejectReason) -> SparkplugNode.Known? {
        guard let name = metric.name, !name.isEmpty else {
            return nodes[route.node].metric(nil, alias: metric.alias, of: route.device)
        }
        var known = try meaning(of: name, route.device, &effects)
        guard isBirth else {
            guard let name = known.metric else { return known }
            let born = nodes[route.node].metric(name, alias: metric.alias, of: route.device)
            return born?.metric == name ? born : known
        }
        if let code = metric.typeCode { known.typeCode = UInt8(clamping: code) }
        let traits: SparkplugTraits
        do throws(ProtobufError) { traits = try metric.traits() } catch { throw .protobuf }
        if let spelling = traits.unit {
            let unit = UnitSpelling.unit(spelling, by: route.device)
            if unit == nil { effects.drop(.unitNotStorable) }
            known.unit = unit ?? .none
        }
        let before = nodes[route.node].metricCount
        if metricCount >= Self.metricCountMax
            || !nodes[route.node].remember(known, alias: metric.alias, of: route.device)
        {
            effects.drop(.tooManyNames)
        }
        metricCount += nodes[route.node].metricCount - before
        return known
    }

    private mutating func meaning(
        of name: UnsafeRawBufferPointer, _ device: DeviceName, _ effects: inout TopicEffects
    ) throws(RejectReason) -> SparkplugNode.Known {
        let text = name.bindMemory(to: UInt8.self)
        if let known = names.meaning(of: text, context: 0) { return known }
        var known = SparkplugNode.Known(metric: nil, unit: .none, typeCode: 0)
        let isControl =
            name.elementsEqual("bdSeq".utf8) || name.starts(with: "Node Control/".utf8)
            || name.starts(with: "Device Control/".utf8)
        if !isControl {
            guard let metric = ForeignName.metric(text, by: device) else {
                effects.drop(text.count > MetricName.byteCountMax ? .valueNotStorable : .tooManyNames)
                return known
            }
            known.metric = metric
        }
        if names.isFull { names.forgetAll() }
        names.remember(known, of: text, context: 0)
        return known
    }

    /// Appends the metric as a reading, an array as `name.0`, `name.1` …
    ///
    /// Of the type: called on the family while its nodes change, it would have a copy of it made for each metric.
    private static func append(
        _ metric: SparkplugMetric, _ known: SparkplugNode.Known, _ name: MetricName, _ device: DeviceName,
        _ message: TopicMessage, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let type = metric.type ?? SparkplugType(rawValue: UInt32(known.typeCode))
        guard !metric.isNull else { return }
        var quality: Quality = metric.isHistorical ? .old : message.quality
        if metric.properties != nil {
            let traits: SparkplugTraits
            do throws(ProtobufError) { traits = try metric.traits() } catch { throw .protobuf }
            switch traits.quality {
            case 0: quality = .bad
            case 500: quality = .stale
            default: break
            }
        }
        let value = metric.raw.value(type)
        guard case .array(let array) = value else {
            if let value = Self.reading(value, &effects) {
                batch.append(Reading(name, value, unit: known.unit, quality: quality))
            }
            return
        }
        guard array.count <= TelemetryDecoder.arrayCountMax else { return effects.drop(.valueNotStorable) }
        var index = 0
        array.forEach { element in
            defer { index += 1 }
            guard let value = Self.reading(element, &effects) else { return }
            guard let metric = MetricName("\(name.text).\(index)", by: device) else {
                return effects.drop(.tooManyNames)
            }
            batch.append(Reading(metric, value, unit: known.unit, quality: quality))
        }
    }

    /// What a value is as a reading; nil if it is none, which is told.
    private static func reading(_ value: SparkplugValue, _ effects: inout TopicEffects) -> Reading.Value? {
        switch value {
        case .null: return nil
        case .integer(let number): return .number(Double(number))
        case .unsigned(let number): return .number(Double(number))
        case .number(let number):
            guard number.isFinite else {
                effects.drop(.valueNotFinite)
                return nil
            }
            guard number.magnitude < TelemetryDecoder.magnitudeMax else {
                effects.drop(.numberOutOfRange)
                return nil
            }
            return .number(number)
        case .flag(let flag): return .flag(flag)
        case .text(let text):
            guard text.count <= TelemetryDecoder.textByteCountMax,
                let text = String(validating: text, as: UTF8.self)
            else {
                effects.drop(.valueNotStorable)
                return nil
            }
            return .text(text)
        case .array, .unsupported:
            effects.drop(.unsupportedValue)
            return nil
        }
    }
}
