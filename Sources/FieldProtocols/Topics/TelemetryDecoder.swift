internal import GatewayModel
internal import JSONText

/// Turns the JSON of one message into readings: plain and nested sensors, and packs of named values.
struct TelemetryDecoder {
    /// Readings that one message may hold.
    static let readingCountMax = 256
    /// Longest text value in bytes.
    static let textByteCountMax = 256
    /// Larger magnitudes are no measurement of anything.
    static let magnitudeMax = 1e100
    /// Elements of an array of numbers that become readings.
    static let arrayCountMax = 64

    private var names: FieldNames
    private var units = UnitNames()
    private var facts = MessageFacts()
    private var received = ReceiveTime(wall: Timestamp(milliseconds: 0, trusted: false), monotonicMilliseconds: 0)
    private var quality: Quality = .ok
    private var count = 0

    init(naming: FieldNames.Naming = .devices) { names = FieldNames(naming: naming) }

    /// Appends the readings of `root`, which `device` has sent, to the observation being built and returns what it says beside.
    ///
    /// On an error the readings appended so far are still open; the caller discards them.
    mutating func decode(
        _ root: JSONValue, of device: DeviceName, received: ReceiveTime, quality: Quality,
        into batch: inout ObservationBatch
    ) throws(RejectReason) -> MessageFacts {
        names.begin(of: device)
        facts = MessageFacts()
        self.received = received
        self.quality = quality
        count = 0
        switch root.kind {
        case .object where FCIReadings.isEnvelope(root): fungal(root, into: &batch)
        case .object:
            if let header = root["hdr"], let id = header["msgId"] { try facts.takeMessageID(id) }
            try members(of: root, context: 0, into: &batch)
        case .array: try pack(root, into: &batch)
        default: throw .noReadings
        }
        BSECAccuracy.heed(in: &batch)
        return facts
    }

    /// The envelope of a fungal computer interface, whose time is a fake date: it is not taken.
    private mutating func fungal(_ root: JSONValue, into batch: inout ObservationBatch) {
        FCIReadings.envelope(root, to: &batch)
        facts.uptimeMilliseconds = FCIReadings.uptime(root)
        if quality != .ok { batch.reviseOpenReadings { for index in $0.indices { $0[index].quality = quality } } }
    }

    private mutating func members(
        of object: JSONValue, context: UInt16, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        try object.forEachMember { (key, value) throws(RejectReason) in
            let shape: FieldNames.Shape = value.isObject ? .object : value.isArray ? .array : .leaf
            switch names.meaning(of: key, context: context, shape: shape) {
            case .metric(let metric):
                if shape == .array {
                    try elements(of: value, name: metric.metric, into: &batch)
                } else {
                    try leaf(value, metric, into: &batch)
                }
            case .group(let inner): try members(of: value, context: inner, into: &batch)
            case .fact(let fact): try take(fact, value, into: &batch)
            case .pack: try pack(value, into: &batch)
            case .spectrum: AS7341Channels.append(value, to: &batch)
            case .place: try place(value, into: &batch)
            case .ignored: break
            case .unnamed: facts.drop(.valueNotStorable)
            case .tooManyNames: facts.drop(.tooManyNames)
            }
        }
    }

    private mutating func place(_ value: JSONValue, into batch: inout ObservationBatch) throws(RejectReason) {
        guard let place = EnvelopePlace(value) else { return }
        guard count <= Self.readingCountMax - EnvelopePlace.readingCountMax else { throw .tooManyReadings }
        count += EnvelopePlace.readingCountMax
        if !place.append(quality: quality, to: &batch) { facts.drop(.numberOutOfRange) }
    }

    private mutating func take(
        _ fact: MessageFact, _ value: JSONValue, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        switch fact {
        case .seq: facts.seq = value.uint64
        case .messageID: try facts.takeMessageID(value)
        case .time: facts.takeTime(value, received: received)
        case .timeObject:
            if let utc = value["utc"] { facts.takeTime(utc, received: received) }
            if let monotonic = value["mono_ms"] {
                facts.monotonicMilliseconds = MessageFacts.duration(monotonic, scale: 1)
            }
        case .uptimeSeconds: try takeUptime(value, scale: 1000, into: &batch)
        case .uptimeMilliseconds: try takeUptime(value, scale: 1, into: &batch)
        case .monotonicMilliseconds: facts.monotonicMilliseconds = MessageFacts.duration(value, scale: 1)
        }
    }

    private mutating func takeUptime(
        _ value: JSONValue, scale: Double, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        guard let milliseconds = MessageFacts.duration(value, scale: scale) else { return }
        let isKnown = facts.uptimeMilliseconds != nil
        facts.uptimeMilliseconds = milliseconds
        // Firmware sends it in two spellings at once; one reading is enough.
        if !isKnown { try append(RootFields.uptime, .number(Double(milliseconds) / 1000), into: &batch) }
    }

    private mutating func leaf(
        _ value: JSONValue, _ field: FieldMetric, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        if let number = value.double {
            guard number.magnitude < Self.magnitudeMax else { return facts.drop(.numberOutOfRange) }
            let converted: Double =
                switch field.conversion {
                case .none: number
                case .milliseconds: number / 1000
                case .analogCounts: value.kind == .number ? number : AnalogFields.volts(counts: number)
                }
            try append(field, .number(converted), into: &batch)
        } else if let flag = value.bool {
            try append(field, .flag(flag), into: &batch)
        } else if let text = value.utf8 {
            guard text.count <= Self.textByteCountMax else { return facts.drop(.valueNotStorable) }
            try append(field, .text(String(decoding: text, as: UTF8.self)), into: &batch)
        }
    }

    private mutating func append(
        _ field: FieldMetric, _ value: Reading.Value, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        guard count < Self.readingCountMax else { throw .tooManyReadings }
        count += 1
        var quality = quality
        if case .number(let number) = value, !field.plausible.contains(number) { quality = .bad }
        batch.append(Reading(field.metric, value, unit: field.unit, quality: quality))
    }

    /// Numbers and flags of a plain array, named `name.0`, `name.1` …
    private mutating func elements(
        of array: JSONValue, name: MetricName, into batch: inout ObservationBatch
    ) throws(RejectReason) {
        guard array.count <= Self.arrayCountMax else { return facts.drop(.valueNotStorable) }
        var index = 0
        try array.forEachElement { (value) throws(RejectReason) in
            defer { index += 1 }
            guard value.double != nil || value.bool != nil else { return }
            guard let metric = names.metric("\(name.text).\(index)") else { return facts.drop(.tooManyNames) }
            try leaf(value, FieldMetric(metric, unit: .none), into: &batch)
        }
    }

    /// An array of `{"id", "v", "u", "q"}`: ids are taken as they are.
    private mutating func pack(_ array: JSONValue, into batch: inout ObservationBatch) throws(RejectReason) {
        try array.forEachElement { (item) throws(RejectReason) in
            let id = item["id"] ?? item["name"] ?? item["sensor"] ?? item["metric"]
            guard let id = id?.utf8, let value = item["v"] ?? item["value"] else { throw .invalidPack }
            guard let metric = names.metric(id) else {
                return facts.drop(id.isEmpty || id.count > MetricName.byteCountMax ? .valueNotStorable : .tooManyNames)
            }
            let unit = (item["u"] ?? item["unit"])?.utf8.map { names.unit($0, &units) } ?? Unit.none
            if unit == nil { facts.drop(.unitNotStorable) }
            let before = quality
            defer { quality = before }
            if quality == .ok { quality = Self.quality(item["q"]) }
            try leaf(value, FieldMetric(metric, unit: unit ?? .none), into: &batch)
        }
    }

    /// 0 ok, 1 warn, 2 bad, or these words.
    private static func quality(_ value: JSONValue?) -> Quality {
        switch value?.int64 {
        case 1: return .warn
        case 2: return .bad
        case .some: return .ok
        case nil: break
        }
        guard let word = value?.utf8 else { return .ok }
        return Quality.allCases.first { word.elementsEqual($0.name.utf8) } ?? .ok
    }
}
