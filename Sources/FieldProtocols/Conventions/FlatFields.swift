internal import GatewayModel
internal import JSONText

/// Names the values of nested JSON: each member is looked up once, and its name, unit and kind remembered by its place.
///
/// What a family calls a member is said by its `naming`, a pure function that is only asked for what was not seen before.
struct FlatFields {
    /// Members of one message that become readings, and how deep they may stand.
    static let countMax = 200
    static let depthMax = 4

    /// A metric, and a mark of the family's own, such as "its unit stands elsewhere".
    struct Field {
        var metric: MetricName
        var unit: Unit
        var mark: UInt8
    }

    enum Naming {
        case field(String, unit: String = "", mark: UInt8 = 0)
        /// The prefix of what stands inside, with the dot.
        case group(String)
        case ignored
    }

    enum Shape: UInt32 { case leaf, object, array }

    typealias NamingRule = (_ prefix: String, _ key: String, _ shape: Shape) -> Naming

    private enum Step {
        case field(Field)
        case group(UInt16)
        case ignored
        case unnamed
        /// There is no room for another name, or not for this device's: others may have it, so it is not remembered.
        case tooManyNames
    }

    private static let placeCountMax = 4_096
    private static let keyByteCountMax = 64

    private let naming: NamingRule
    /// Objects that carry this member are told apart by it, whatever they are called.
    private let identifier: StaticString?
    private var table: FieldTable<Step>
    private var places: [(prefix: String, depth: Int)] = [("", 0)]
    private var scratch: [UInt8] = []
    private var count = 0
    /// Whose members are named now.
    private var device: DeviceName?

    init(identifier: StaticString? = nil, countMax: Int = 8_192, naming: @escaping NamingRule) {
        self.naming = naming
        self.identifier = identifier
        table = FieldTable(countMax: countMax)
    }

    /// Calls `body` for the leaves of `root`, which `device` has sent, that have a name, in their order; `drop` says why
    /// others were left out.
    mutating func walk(
        _ root: JSONValue, of device: DeviceName, drop: (RejectReason) -> Void,
        _ body: (Field, JSONValue) throws(RejectReason) -> Void
    ) throws(RejectReason) {
        if table.isFull || places.count > Self.placeCountMax / 2 {
            table.forgetAll()
            places = [("", 0)]
        }
        count = 0
        self.device = device
        try members(of: root, place: 0, drop: drop, body)
    }

    private mutating func members(
        of object: JSONValue, place: UInt16, drop: (RejectReason) -> Void,
        _ body: (Field, JSONValue) throws(RejectReason) -> Void
    ) throws(RejectReason) {
        try object.forEachMember { (key, value) throws(RejectReason) in
            let shape: Shape = value.isObject ? .object : value.isArray ? .array : .leaf
            let step: Step
            if shape == .object, let identifier, let id = value[identifier]?.utf8, key.count + id.count < 64 {
                scratch.removeAll(keepingCapacity: true)
                scratch.append(contentsOf: key)
                scratch.append(UInt8(ascii: "#"))
                scratch.append(contentsOf: id)
                let joined = scratch
                step = joined.withUnsafeBufferPointer { self.step($0, place, shape) }
            } else {
                step = self.step(key, place, shape)
            }
            switch step {
            case .field(let field):
                guard shape == .array else { return try leaf(field, value, drop, body) }
                try elements(of: value, field, drop: drop, body)
            case .group(let inner): try members(of: value, place: inner, drop: drop, body)
            case .ignored: break
            case .unnamed: drop(.valueNotStorable)
            case .tooManyNames: drop(.tooManyNames)
            }
        }
    }

    private mutating func leaf(
        _ field: Field, _ value: JSONValue, _ drop: (RejectReason) -> Void,
        _ body: (Field, JSONValue) throws(RejectReason) -> Void
    ) throws(RejectReason) {
        count += 1
        guard count <= Self.countMax else { return drop(.tooManyReadings) }
        try body(field, value)
    }

    /// The elements of a plain array are `name.0`, `name.1` …
    private mutating func elements(
        of array: JSONValue, _ field: Field, drop: (RejectReason) -> Void,
        _ body: (Field, JSONValue) throws(RejectReason) -> Void
    ) throws(RejectReason) {
        guard array.count <= TelemetryDecoder.arrayCountMax else { return drop(.valueNotStorable) }
        var index = 0
        try array.forEachElement { (value) throws(RejectReason) in
            defer { index += 1 }
            guard value.double != nil || value.bool != nil else { return }
            guard let device, let metric = MetricName("\(field.metric.text).\(index)", by: device) else {
                return drop(.tooManyNames)
            }
            try leaf(Field(metric: metric, unit: field.unit, mark: field.mark), value, drop, body)
        }
    }

    private mutating func step(_ key: UnsafeBufferPointer<UInt8>, _ place: UInt16, _ shape: Shape) -> Step {
        let context = UInt32(place) << 2 | shape.rawValue
        if let known = table.meaning(of: key, context: context) { return known }
        let step = resolve(key, places[Int(place)], shape)
        if case .tooManyNames = step { return step }
        table.remember(step, of: key, context: context)
        return step
    }

    private mutating func resolve(
        _ key: UnsafeBufferPointer<UInt8>, _ place: (prefix: String, depth: Int), _ shape: Shape
    ) -> Step {
        guard !key.isEmpty, key.count <= Self.keyByteCountMax else { return .unnamed }
        switch naming(place.prefix, String(decoding: key, as: UTF8.self), shape) {
        case .ignored: return .ignored
        case .group(let prefix):
            guard shape == .object, place.depth + 1 < Self.depthMax, places.count < Self.placeCountMax else {
                return .unnamed
            }
            places.append((prefix, place.depth + 1))
            return .group(UInt16(places.count - 1))
        case .field(let name, let unit, let mark):
            guard let device, name.utf8.count <= MetricName.byteCountMax,
                name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
            else { return .unnamed }
            guard let metric = ForeignName.metric(name, by: device) else { return .tooManyNames }
            return .field(Field(metric: metric, unit: UnitSpelling.unit(unit), mark: mark))
        }
    }
}

extension ObservationBatch {
    /// Adds a leaf of JSON as a reading: a number, a flag, or a text if `texts` are wanted. Null is nothing.
    mutating func append(
        _ value: JSONValue, as metric: MetricName, unit: Unit, quality: Quality, texts: Bool,
        drop: (RejectReason) -> Void
    ) {
        if let number = value.double {
            guard number.magnitude < TelemetryDecoder.magnitudeMax else { return drop(.numberOutOfRange) }
            append(Reading(metric, .number(number), unit: unit, quality: quality))
        } else if let flag = value.bool {
            append(Reading(metric, .flag(flag), unit: unit, quality: quality))
        } else if texts, let text = value.utf8 {
            guard text.count <= TelemetryDecoder.textByteCountMax else { return drop(.valueNotStorable) }
            append(Reading(metric, .text(String(decoding: text, as: UTF8.self)), unit: unit, quality: quality))
        }
    }
}
