internal import GatewayModel
internal import JSONText

extension SiteTopicsFamily {
    mutating func senML(
        _ root: JSONValue, _ route: Route, _ message: TopicMessage, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) throws(RejectReason) {
        guard root.isArray else { throw .senML }
        var pack = OpenPack(message: message)
        // First without storing anything: what is taken of a pack is all of it.
        if root.count > 1 { try SenMLPack.forEachEntry(in: root, failed: Self.refused, checker()) }
        resolver.begin()
        try SenMLPack.forEachEntry(in: root, failed: Self.refused) { (entry) throws(RejectReason) in
            try take(entry, route, &pack, into: &batch, &effects)
        }
        finish(&pack, into: &batch)
        guard pack.hasReadings else { throw effects.dropped ?? .noReadings }
    }

    mutating func senMLCBOR(
        _ route: Route, _ message: TopicMessage, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        var pack = OpenPack(message: message)
        // The same here, where an array of one has this head.
        if message.payload.first != 0x81 {
            try SenMLPack.forEachEntry(in: message.payload, failed: Self.refused, checker())
        }
        resolver.begin()
        try SenMLPack.forEachEntry(in: message.payload, failed: Self.refused) { (entry) throws(RejectReason) in
            try take(entry, route, &pack, into: &batch, &effects)
        }
        finish(&pack, into: &batch)
        guard pack.hasReadings else { throw effects.dropped ?? .noReadings }
    }

    /// What has been taken of a pack and is not closed: readings of one device at one time.
    struct OpenPack {
        let message: TopicMessage
        var device: DeviceName?
        var time: Double?
        var part: UInt64 = 0
        var hasReadings = false
    }

    private static func refused(_ error: SenMLError) -> RejectReason {
        switch error.reason {
        case .notFinite: .valueNotFinite
        case .tooManyRecords: .tooManyReadings
        default: .senML
        }
    }

    private func checker() -> (SenMLEntry) throws(RejectReason) -> Void {
        var resolver = SenMLResolver()
        return { (entry) throws(RejectReason) in
            try resolver.resolve(entry, failed: Self.refused) { (_) throws(RejectReason) in }
        }
    }

    private mutating func take(
        _ entry: SenMLEntry, _ route: Route, _ pack: inout OpenPack, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) throws(RejectReason) {
        // Taken out for the call, so that the rest of the family can be used inside.
        var resolver = exchange(&self.resolver, with: SenMLResolver())
        defer { self.resolver = resolver }
        try resolver.resolve(entry, failed: Self.refused) { (record) throws(RejectReason) in
            let series = series(record, route)
            guard let device = series.device ?? route.device else { throw .badDeviceID }
            guard let metric = series.metric else { return effects.drop(.tooManyNames) }
            if pack.device != device || pack.time != record.time { finish(&pack, into: &batch) }
            pack.device = device
            pack.time = record.time
            append(record, metric, pack, into: &batch, &effects)
        }
    }

    private mutating func append(
        _ record: SenMLRecord, _ metric: MetricName, _ pack: OpenPack, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) {
        let unit = record.unit.map { spelling in pack.device.flatMap { units.unit(spelling, by: $0) } } ?? Unit.none
        if unit == nil { effects.drop(.unitNotStorable) }
        let value: Reading.Value
        switch record.value {
        case .number(let number):
            guard number.magnitude < TelemetryDecoder.magnitudeMax else { return effects.drop(.numberOutOfRange) }
            value = .number(number)
        case .flag(let flag): value = .flag(flag)
        case .text(let text):
            guard text.count <= TelemetryDecoder.textByteCountMax else { return effects.drop(.valueNotStorable) }
            value = .text(String(decoding: text, as: UTF8.self))
        case .bytes: return effects.drop(.unsupportedValue)
        case nil:
            if let sum = record.sum { append(sum: sum, metric, unit ?? .none, pack, into: &batch, &effects) }
            return
        }
        batch.append(Reading(metric, value, unit: unit ?? .none, quality: pack.message.quality))
        guard let sum = record.sum, let device = pack.device else { return }
        guard let beside = ForeignName.metric(metric.text + ".sum", by: device) else {
            return effects.drop(.tooManyNames)
        }
        append(sum: sum, beside, unit ?? .none, pack, into: &batch, &effects)
    }

    /// The integral of the values over time, in seconds of their unit (RFC 8428, section 4.3).
    private func append(
        sum: Double, _ metric: MetricName, _ unit: Unit, _ pack: OpenPack, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) {
        guard sum.magnitude < TelemetryDecoder.magnitudeMax else { return effects.drop(.numberOutOfRange) }
        var product: Unit? = Unit.none
        if unit != .none { product = pack.device.flatMap { Unit(unit.code + ".s", by: $0) } }
        if product == nil { effects.drop(.unitNotStorable) }
        batch.append(Reading(metric, .number(sum), unit: product ?? .none, quality: pack.message.quality))
    }

    /// Whose value a name is of: the base name is the device, or else what stands before the last `:` or `/`.
    private mutating func series(_ record: SenMLRecord, _ route: Route) -> Series {
        let context = UInt32(clamping: record.baseNameCount)
        if let known = self.series.meaning(of: record.name, context: context) { return known }
        var split = record.baseNameCount
        if split == 0, let mark = record.name.lastIndex(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "/") }) {
            split = mark + 1
        }
        var end = split
        while end > 0,
            [UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_")]
                .contains(record.name[end - 1])
        { end -= 1 }
        var series = Series()
        if end > 0 { series.device = ForeignName.device(UnsafeBufferPointer(rebasing: record.name[..<end])) }
        let metric = UnsafeBufferPointer(rebasing: record.name[split...])
        if metric.isEmpty {
            series.metric = Self.value
        } else if let device = series.device ?? route.device {
            series.metric = ForeignName.metric(metric, by: device)
        }
        // There may be room later.
        guard series.metric != nil else { return series }
        if self.series.isFull { self.series.forgetAll() }
        self.series.remember(series, of: record.name, context: context)
        return series
    }

    private mutating func finish(_ pack: inout OpenPack, into batch: inout ObservationBatch) {
        guard let device = pack.device, !batch.openReadings.isEmpty else { return }
        pack.hasReadings = true
        var observation = pack.message.observation(of: device)
        let milliseconds = pack.time.flatMap { time -> Int64? in
            if time >= SenMLRecord.absoluteTimeMin { return Int64(exactly: (time * 1_000).rounded()) }
            // Relative to now; now is what has no time either.
            guard time != 0, pack.message.received.wall.trusted, let offset = Int64(exactly: (time * 1_000).rounded())
            else { return nil }
            return pack.message.received.wall.milliseconds + offset
        }
        observation.deviceTime = milliseconds.flatMap { DeviceTime.judged($0, received: pack.message.received) }
        defer { pack.part += 1 }
        guard let time = pack.time, time >= SenMLRecord.absoluteTimeMin else {
            return identity.close(observation, of: pack.message, part: pack.part, in: &batch)
        }
        identity.make("sen-", pack.message, observation)
        identity.add(pack.part)
        identity.append(observation, to: &batch)
    }
}
