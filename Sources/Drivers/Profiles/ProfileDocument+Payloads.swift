internal import FieldProtocols
internal import GatewayModel
internal import YAMLText

extension ProfileDocument {
    static func binary(_ section: YAMLSection, _ poll: inout Profile.Poll?) -> Profile.Kind? {
        poll = Self.poll(section)
        let frame = section.section("frame", frame)
        if frame == nil { section.missing("frame", accepted: "a section that tells how frames begin and end") }
        let fields = binaryFields(section, "fields")
        guard let frame else { return nil }
        return .binary(frame, .fields(BinaryCodec(fields: fields)))
    }

    private static func frame(_ section: YAMLSection) -> FrameCodec {
        let start = bytes(section, "start", length: 1...8)
        if start == nil { section.missing("start", accepted: "the bytes that every frame begins with, in hex") }
        let fixed = section.integer("length", in: 1...FrameCodec.byteCountMax)
        let told = section.section("length_at") { section -> FrameCodec.Length in
            .field(
                offset: section.requiredInteger("offset", in: 0...64), type: type(section) ?? .unsigned(1),
                endian: section.choice("endian", default: Endian.big),
                added: section.integer("added", in: -1_024...1_024, default: 0))
        }
        if (fixed == nil) == (told == nil) {
            section.reject("length", .conflict, "accepted either `length` or `length_at`")
        }
        let end = bytes(section, "end", length: 1...8) ?? []
        let checksum = section.choice("checksum", of: FrameCodec.Checksum.self)
        let checksumByteCount = checksum?.byteCount ?? 1
        return FrameCodec(
            start: start ?? [0], end: end, length: fixed.map { .fixed($0) } ?? told ?? .fixed(1), checksum: checksum,
            checksumFrom: section.integer("checksum_from", in: 0...64, default: 0),
            checksumAt: section.integer(
                "checksum_at", in: checksumByteCount...16, default: end.count + checksumByteCount))
    }

    private static func type(_ section: YAMLSection) -> BinaryType? {
        let accepted = "u8 … u64, i8 … i64 in steps of 8, f32, f64 or text:N"
        return section.requiredValue("type", accepted: accepted) { $0.text.flatMap { BinaryType(name: $0) } }
    }

    static func binaryFields(_ section: YAMLSection, _ key: String) -> [BinaryCodec.Field] {
        let fields = section.sections(key, countMax: 256, binaryField)
        if fields.isEmpty { section.missing(key, accepted: "a list of at least one field") }
        return fields
    }

    private static func binaryField(_ section: YAMLSection) -> BinaryCodec.Field {
        let type = type(section)
        let mask = section.value("mask", accepted: "the bits that count, such as 0x3FFF") { node in
            number(node).flatMap { UInt64(exactly: $0) }.flatMap { $0 == 0 ? nil : $0 }
        }
        let condition = section.section("when") { section in
            BinaryCodec.Condition(
                offset: section.requiredInteger("at", in: -1_024...1_024), mask: byte(section, "mask") ?? 0xFF,
                equals: section.values("equals", countMax: 64, accepted: "bytes, such as 0x01", byte) ?? [])
        }
        let isFlag = section.flag("flag", default: false)
        let isText = if case .text? = type { true } else { false }
        return BinaryCodec.Field(
            offset: section.requiredInteger("at", in: -1_024...1_024), type: type ?? .unsigned(1),
            endian: section.choice("endian", default: Endian.big), mask: mask,
            shift: section.integer("shift", in: 0...63, default: 0), condition: condition,
            rule: rule(section, isText: isText, isFlag: isFlag))
    }

    private static func byte(_ node: YAMLNode) -> UInt8? { number(node).flatMap { UInt8(exactly: $0) } }

    private static func byte(_ section: YAMLSection, _ key: String) -> UInt8? {
        section.value(key, accepted: "a byte, such as 0x0F", byte)
    }

    /// A payload of one of the forms that stand for themselves: `fields`, `records`, `cayenne`, `json`, `lines`,
    /// `value`.
    private static func payload(_ section: YAMLSection, of forms: [String]) -> PayloadCodec? {
        let given = forms.filter { section.has($0) }
        guard given.count == 1 else {
            section.reject(forms[0], .conflict, "accepted one of \(forms.map { "`\($0)`" }.joined(separator: ", "))")
            return nil
        }
        switch given[0] {
        case "fields":
            return .fields(BinaryCodec(fields: binaryFields(section, "fields"), byteCount: lengths(section)))
        case "records": return .records(RecordCodec(kinds: section.sections("records", countMax: 256, record)))
        case "cayenne": return .cayenne(channels(section))
        case "json": return .json(paths(section, "json"))
        case "lines": return section.section("lines") { .lines(LineCodec(rules: rules($0))) }
        default:
            return section.section("value") { section in
                let type = section.choice("type", default: TextType.number)
                return .value(rule(section, isText: type == .text, isFlag: type == .flag))
            }
        }
    }

    private static func channels(_ section: YAMLSection) -> [LineCodec.Field] {
        let fields = fields(section, "cayenne", countMax: 128)
        for field in fields where !isMetric(field.source) {
            section.reject("cayenne", .outOfRange, "`\(field.source)`: accepted a channel such as `temperature.1`")
        }
        return fields
    }

    private static func lengths(_ section: YAMLSection) -> ClosedRange<Int>? {
        let ends = section.values("length", countMax: 2, accepted: "a number of bytes, or two") { node in
            node.integer.flatMap { (1...1_024).contains($0) ? $0 : nil }
        }
        guard let ends, let first = ends.first, let last = ends.last, first <= last else { return nil }
        return first...last
    }

    private static func record(_ section: YAMLSection) -> RecordCodec.Kind {
        let key = bytes(section, "key", length: 1...4)
        if key == nil { section.missing("key", accepted: "the bytes that the record begins with, in hex") }
        return RecordCodec.Kind(
            key: key ?? [0], byteCount: section.requiredInteger("size", in: 0...255),
            fields: BinaryCodec(fields: section.sections("fields", countMax: 32, binaryField)))
    }

    static func topics(_ section: YAMLSection) -> [Profile.TopicRule] {
        let rules = section.sections("topics", countMax: 64) { section -> Profile.TopicRule? in
            let accepted = "a filter with levels such as `site/{device}/climate`; not `#` alone"
            let pattern = section.requiredValue("topic", accepted: accepted) { $0.text.flatMap { TopicPattern($0) } }
            let device = section.text("device", length: 1...128)
            if let pattern, !pattern.namesDevice, device == nil {
                section.missing("device", accepted: "the device's id, or `{device}` in the topic")
            }
            guard let codec = payload(section, of: ["json", "value", "lines", "fields", "records"]), let pattern
            else { return nil }
            return Profile.TopicRule(pattern: pattern, device: device ?? "{device}", codec: codec)
        }
        if rules.isEmpty { section.missing("topics", accepted: "a list of at least one topic") }
        return rules.compactMap { $0 }
    }

    static func ports(_ section: YAMLSection) -> PortCodecs {
        let entries = section.sections("ports", countMax: 64) { section -> PortCodecs.Entry? in
            let ports = section.values("port", countMax: 224, accepted: "1…223") { node in
                node.integer.flatMap { (1...223).contains($0) ? UInt8(exactly: $0) : nil }
            }
            guard let codec = payload(section, of: ["fields", "records", "cayenne", "json"]) else { return nil }
            return PortCodecs.Entry(ports: ports ?? [], codec: codec)
        }
        if entries.isEmpty { section.missing("ports", accepted: "a list of at least one port") }
        return PortCodecs(entries: entries.compactMap { $0 })
    }
}
