internal import GatewayModel

extension SiteTopicsFamily {
    private static let deviceTags: [StaticString] = [
        "device", "dev", "device_id", "host", "sensor_id", "node", "id",
    ]

    /// A record for each line. Tags that do not name the device are kept as texts.
    mutating func influx(
        _ route: Route, _ message: TopicMessage, into batch: inout ObservationBatch, _ effects: inout TopicEffects
    ) throws(RejectReason) {
        let precision = topics[Int(route.topic)].precision
        var reader = InfluxLineReader(message.text)
        // Taken out meanwhile, so that the rest of the family can be used.
        var line = exchange(&self.line, with: InfluxLine())
        defer { self.line = line }
        var part: UInt64 = 0
        var failure: RejectReason?
        while true {
            do throws(InfluxLineError) {
                guard try reader.next(&line) else { break }
                guard let device = device(of: line) ?? route.device else {
                    failure = .badDeviceID
                    continue
                }
                append(line, device, message, into: &batch, &effects)
                guard !batch.openReadings.isEmpty else { continue }
                close(line.timestamp, precision, device, message, part, into: &batch)
                part += 1
            } catch {
                // As InfluxDB does, a bad line spoils no other.
                failure = .lineProtocol
            }
        }
        guard part > 0 else { throw failure ?? effects.dropped ?? .noReadings }
        if let failure { effects.drop(failure) }
    }

    private mutating func device(of line: InfluxLine) -> DeviceName? {
        guard let place = Self.deviceTag(of: line) else { return nil }
        let value = line.tags[place].value
        if let known = series.meaning(of: value, context: .max) { return known.device }
        let device = ForeignName.device(InfluxLine.unescaped(value))
        if series.isFull { series.forgetAll() }
        series.remember(Series(device: device), of: value, context: .max)
        return device
    }

    /// Where the tag stands that names the device: the first of the list that there is.
    private static func deviceTag(of line: InfluxLine) -> Int? {
        var best: (rank: Int, place: Int)?
        for place in line.tags.indices {
            guard let rank = rank(line.tags[place].key), rank < best?.rank ?? .max else { continue }
            best = (rank, place)
        }
        return best?.place
    }

    private static func rank(_ key: InfluxLine.Text) -> Int? {
        guard (2...9).contains(key.count) else { return nil }
        return deviceTags.firstIndex { $0.utf8CodeUnitCount == key.count && ScalarText.isExactly(key, $0) }
    }

    private mutating func append(
        _ line: InfluxLine, _ device: DeviceName, _ message: TopicMessage, into batch: inout ObservationBatch,
        _ effects: inout TopicEffects
    ) {
        let quality = message.quality
        let context = context(of: line.measurement)
        for (key, field) in line.fields {
            guard let metric = metric(line.measurement, key, context, of: device) else {
                effects.drop(.tooManyNames)
                continue
            }
            let value: Reading.Value
            switch field {
            case .number(let number): value = .number(number)
            case .integer(let number): value = .number(Double(number))
            case .unsigned(let number): value = .number(Double(number))
            case .flag(let flag): value = .flag(flag)
            case .text(let text):
                guard text.count <= TelemetryDecoder.textByteCountMax else {
                    effects.drop(.valueNotStorable)
                    continue
                }
                value = .text(InfluxLine.unescaped(text, isString: true))
            }
            if case .number(let number) = value, number.magnitude >= TelemetryDecoder.magnitudeMax {
                effects.drop(.numberOutOfRange)
                continue
            }
            batch.append(Reading(metric, value, quality: quality))
        }
        guard !batch.openReadings.isEmpty else { return }
        for (key, tag) in line.tags where Self.rank(key) == nil {
            guard tag.count <= TelemetryDecoder.textByteCountMax,
                let metric = metric(line.measurement, key, context, of: device)
            else {
                effects.drop(.valueNotStorable)
                continue
            }
            batch.append(Reading(metric, .text(InfluxLine.unescaped(tag)), quality: quality))
        }
    }

    /// A number for the keys of this measurement to be remembered under.
    private mutating func context(of measurement: InfluxLine.Text) -> UInt32 {
        if let known = measurements.meaning(of: measurement, context: 0) { return known }
        // Contexts are not given out again while names of theirs are remembered.
        if measurements.isFull {
            measurements.forgetAll()
            series.forgetAll()
            measurementCount = 0
        }
        measurementCount += 1
        // SenML uses the contexts below.
        let context = (1 << 16) + measurementCount
        measurements.remember(context, of: measurement, context: 0)
        return context
    }

    /// `measurement.key`.
    private mutating func metric(
        _ measurement: InfluxLine.Text, _ key: InfluxLine.Text, _ context: UInt32, of device: DeviceName
    ) -> MetricName? {
        if let known = series.meaning(of: key, context: context) { return known.metric }
        let name = "\(InfluxLine.unescaped(measurement)).\(InfluxLine.unescaped(key))"
        // Another device may have room for it.
        guard let metric = ForeignName.metric(name, by: device) else { return nil }
        if series.isFull { series.forgetAll() }
        series.remember(Series(device: nil, metric: metric), of: key, context: context)
        return metric
    }

    private mutating func close(
        _ stamp: Int64?, _ precision: SiteTopic.Precision, _ device: DeviceName, _ message: TopicMessage,
        _ part: UInt64, into batch: inout ObservationBatch
    ) {
        var observation = message.observation(of: device)
        guard let stamp, let time = precision.milliseconds(stamp), time >= DeviceTime.earliest
        else { return identity.close(observation, of: message, part: part, in: &batch) }
        observation.deviceTime = DeviceTime.judged(time, received: message.received)
        identity.make("inf-", message, observation)
        identity.add(part)
        identity.append(observation, to: &batch)
    }
}
