internal import GatewayModel

/// Finds out what the members of telemetry objects mean: the payload contracts of the MQTT families.
///
/// A context is a place in the object tree; 0 is the top level. Members of `sensors`, `data` and the like are named as
/// if they stood at the top.
struct FieldNames {
    /// What is written there decides, beside the name, what a member can mean.
    enum Shape: UInt32 { case leaf, object, array }

    /// Whose names they are.
    enum Naming: Sendable {
        /// Those of devices that publish themselves.
        case devices
        /// Those that the payload codecs of LoRaWAN network servers give, too.
        case payloadCodecs
    }

    private enum Place {
        case root
        /// Inside `temperatureSensor` and its like: members are channels.
        case channels(String)
        /// Inside `sensors`: values only.
        case values
        /// Inside `bme688`: members are slots.
        case slots(BME688Slot.Chip)
        case slot(BME688Slot)
        case analog
        case soil
        case named(String, depth: Int)
        /// Inside a value of several parts, such as `gpsLocation` of a codec.
        case parts(String)
        /// An object that tells about the device, not about the site.
        case silent
    }

    private var places: [Place] = [.root]
    private var table = FieldTable<FieldMeaning>()
    private let naming: Naming
    /// Whose members are named now.
    private var device: DeviceName?

    init(naming: Naming = .devices) { self.naming = naming }

    private static let placeCountMax = 4_096
    private static let depthMax = 4

    /// Called before each message: when names have filled the tables, everything is found out anew. Not later, since
    /// contexts in use would change their meaning.
    mutating func begin(of device: DeviceName) {
        self.device = device
        guard table.isFull || places.count > Self.placeCountMax / 2 else { return }
        table.forgetAll()
        places = [.root]
    }

    /// A metric of the device whose message this is.
    func metric(_ name: String) -> MetricName? { device.flatMap { MetricName(name, by: $0) } }

    /// A unit as that device spells it; nil if it cannot be kept.
    func unit(_ spelling: UnsafeBufferPointer<UInt8>, _ units: inout UnitNames) -> Unit? {
        device.flatMap { units.unit(spelling, by: $0) }
    }

    /// As the other, from bytes known to be UTF-8.
    func metric(_ name: UnsafeBufferPointer<UInt8>) -> MetricName? { device.flatMap { MetricName(utf8: name, by: $0) } }

    mutating func meaning(of key: UnsafeBufferPointer<UInt8>, context: UInt16, shape: Shape) -> FieldMeaning {
        let slot = UInt32(context) << 2 | shape.rawValue
        if let known = table.meaning(of: key, context: slot) { return known }
        let meaning = resolve(key, place: places[Int(context)], shape: shape)
        // A full table may have room later; everything else stays true.
        if case .tooManyNames = meaning { return meaning }
        table.remember(meaning, of: key, context: slot)
        return meaning
    }

    private mutating func resolve(_ key: UnsafeBufferPointer<UInt8>, place: Place, shape: Shape) -> FieldMeaning {
        guard !key.isEmpty, key.count <= 64 else { return .unnamed }
        let name = String(decoding: key, as: UTF8.self)
        switch place {
        case .root:
            if naming == .payloadCodecs, let known = ofCodec(name, shape) { return known }
            return atRoot(name, shape)
        case .channels(let kind): return amongChannels(name, of: kind, shape)
        case .values: return amongValues(name, shape)
        case .slots(let chip): return amongSlots(name, chip, shape)
        case .slot(let slot): return inSlot(name, slot, shape)
        case .analog: return inAnalog(name, shape)
        case .soil: return inSoil(name, shape)
        case .named(let prefix, let depth): return under(prefix, name, shape, depth: depth)
        case .parts(let prefix):
            let unit = CodecNames.unit(ofPart: name, in: prefix)
            return shape == .leaf && unit != .none
                ? metric(prefix + name, unit: unit) : under(prefix, name, shape, depth: 1)
        case .silent: return .ignored
        }
    }

    private mutating func atRoot(_ name: String, _ shape: Shape) -> FieldMeaning {
        if let fact = RootFields.fact(name, shape) { return .fact(fact) }
        if shape == .object, name == "geo" || name == "location" { return .place }
        if RootFields.isAboutDevice(name) { return .ignored }
        switch (shape, name) {
        case (.array, "pack"), (.array, "readings"), (.array, "sensors"): return .pack
        case (.object, "sensors"), (.object, "readings"), (.object, "data"), (.object, "telemetry"),
            (.object, "values"):
            return group(.values)
        default: return amongValues(name, shape)
        }
    }

    private mutating func amongValues(_ name: String, _ shape: Shape) -> FieldMeaning {
        if shape == .leaf, let metric = RootFields.uptimeMetric(name) { return .metric(metric) }
        if let analog = AnalogFields.metric(name), shape == .leaf { return .metric(analog) }
        guard shape == .object else { return under("", name, shape, depth: 0) }
        if let slot = BME688Slot(key: name) { return group(.slot(slot)) }
        switch name.lowercased() {
        case "bme688": return group(.slots(.bme688))
        case "bme690": return group(.slots(.bme690))
        case "analog": return group(.analog)
        case "as7341": return .spectrum
        case "soil_moisture", "soil": return group(.soil)
        case "location", "geo": return .place
        case "meta", "peripherals": return group(.silent)
        default: return under("", name, shape, depth: 0)
        }
    }

    private mutating func ofCodec(_ name: String, _ shape: Shape) -> FieldMeaning? {
        if shape == .object, CodecNames.isChannelObject(name) { return group(.channels(name)) }
        guard shape != .array, let (name, channel) = CodecNames.split(name) else { return nil }
        if shape == .leaf { return CodecNames.metric(name, channel: channel).map { .metric($0) } }
        return CodecNames.group(name, channel: channel).map { group(.parts($0 + ".")) }
    }

    private mutating func amongChannels(_ channel: String, of kind: String, _ shape: Shape) -> FieldMeaning {
        if shape == .leaf, let metric = CodecNames.metric(kind, channel: channel) { return .metric(metric) }
        if shape == .object, let prefix = CodecNames.group(kind, channel: channel) {
            return group(.parts(prefix + "."))
        }
        return under(kind + ".", channel, shape, depth: 1)
    }

    private mutating func amongSlots(_ name: String, _ chip: BME688Slot.Chip, _ shape: Shape) -> FieldMeaning {
        if shape == .object, let slot = BME688Slot(label: name) ?? BME688Slot(key: name) {
            return group(.slot(slot.with(chip)))
        }
        // A board with one sensor may leave the slot out: it is the ambient one.
        return inSlot(name, BME688Slot.a.with(chip), shape)
    }

    private mutating func inSlot(_ name: String, _ slot: BME688Slot, _ shape: Shape) -> FieldMeaning {
        if shape == .leaf, let field = BME688Field(name) {
            return .metric(FieldMetric(field.metric(slot), unit: field.unit, plausible: field.plausible))
        }
        if RootFields.isAboutSensor(name) { return .ignored }
        return under(slot.prefix + ".", name, shape, depth: 1)
    }

    private mutating func inAnalog(_ name: String, _ shape: Shape) -> FieldMeaning {
        if shape == .leaf, let metric = AnalogFields.metric(name) { return .metric(metric) }
        if shape == .leaf, name == "soil_moisture" { return .metric(AnalogFields.soilCount) }
        return under("analog.", name, shape, depth: 1)
    }

    private mutating func inSoil(_ name: String, _ shape: Shape) -> FieldMeaning {
        guard shape == .leaf else { return under("soil.", name, shape, depth: 1) }
        switch name {
        case "value", "moisture", "pct", "moisture_pct": return metric("soil.moisture", unit: .percent)
        case "raw", "moisture_raw", "counts": return .metric(AnalogFields.soilCount)
        default: return under("soil.", name, shape, depth: 1)
        }
    }

    private mutating func under(_ prefix: String, _ name: String, _ shape: Shape, depth: Int) -> FieldMeaning {
        if shape == .object {
            return depth < Self.depthMax ? group(.named(prefix + name + ".", depth: depth + 1)) : .unnamed
        }
        if var generic = GenericFields.metric(name) {
            if !prefix.isEmpty {
                let last = generic.metric.text.split(separator: ".").last.map(String.init) ?? name
                guard let own = metric(prefix + last) else { return .tooManyNames }
                generic.metric = own
            }
            return .metric(generic)
        }
        return metric(prefix + name, unit: .none)
    }

    private func metric(_ name: String, unit: Unit) -> FieldMeaning {
        guard name.utf8.count <= MetricName.byteCountMax, name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            return .unnamed
        }
        return metric(name).map { .metric(FieldMetric($0, unit: unit)) } ?? .tooManyNames
    }

    private mutating func group(_ place: Place) -> FieldMeaning {
        guard places.count < Self.placeCountMax else { return .tooManyNames }
        places.append(place)
        return .group(UInt16(places.count - 1))
    }
}
