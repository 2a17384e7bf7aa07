internal import Crypto
internal import FieldProtocols
internal import GatewayModel
internal import YAMLText

extension ProfileDocument {
    /// What a field of any kind becomes. `type` is read by the caller where it says how bytes lie.
    static func rule(_ section: YAMLSection, isText: Bool = false, isFlag: Bool = false) -> FieldRule {
        let metric = metric(section, "metric")
        let unit = unit(section)
        let scale = section.number("scale", in: -1e12...1e12) ?? 1
        if scale == 0 { section.reject("scale", .outOfRange, "`0`, accepted any number but 0") }
        let offset = section.number("offset", in: -1e12...1e12) ?? 0
        let valid = range(section, "valid")
        let invalid =
            section.values("invalid", countMax: 32, accepted: "numbers that stand for no value") { number($0) } ?? []
        let (names, words) = enumeration(section)
        let bits = bits(section, below: metric)
        return FieldRule(
            metric ?? placeholder, unit: unit, scale: scale == 0 ? 1 : scale, offset: offset, valid: valid,
            invalid: invalid, names: names, words: words, bits: bits, isText: isText, isFlag: isFlag)
    }

    private static let placeholder = MetricName(known: "invalid")

    /// A metric name: dotted, small letters.
    static func metric(_ section: YAMLSection, _ key: String) -> MetricName? {
        section.requiredValue(key, accepted: "a metric name such as `air.temperature`: small letters, digits, `_`, `.`")
        {
            $0.text.flatMap { isMetric($0) ? MetricName($0) : nil }
        }
    }

    static func isMetric(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return text.utf8.count <= 64
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
                    }
            }
    }

    private static func unit(_ section: YAMLSection) -> Unit {
        guard let text = section.text("unit", length: 1...32) else { return .none }
        return UnitSpelling.unit(text)
    }

    static func range(_ section: YAMLSection, _ key: String) -> ClosedRange<Double>? {
        guard let ends = section.values(key, countMax: 2, accepted: "two numbers, the lower first", { number($0) })
        else { return nil }
        guard ends.count == 2, ends[0] <= ends[1] else {
            section.reject(key, .outOfRange, "accepted two numbers, the lower first")
            return nil
        }
        return ends[0]...ends[1]
    }

    /// A number, in hex too: codes of devices are written so in their manuals.
    static func number(_ node: YAMLNode) -> Double? {
        if let number = node.number { return number }
        guard let text = node.plainText, text.hasPrefix("0x") else { return nil }
        return UInt64(text.dropFirst(2), radix: 16).flatMap { Double(exactly: $0) }
    }

    private static func enumeration(_ section: YAMLSection) -> ([Int64: Reading.Value], [String: Reading.Value]) {
        var names: [Int64: Reading.Value] = [:]
        var words: [String: Reading.Value] = [:]
        section.section("enum") { section in
            for key in section.keys.prefix(500) {
                let value = section.value(key, accepted: "a word, a number, true or false") { node -> Reading.Value? in
                    if let flag = node.flag { return .flag(flag) }
                    if let number = node.number { return .number(number) }
                    return node.text.map { .text($0) }
                }
                guard let value else { continue }
                if let code = Int64(key) {
                    names[code] = value
                } else {
                    words[key] = value
                }
            }
        }
        return (names, words)
    }

    private static func bits(_ section: YAMLSection, below metric: MetricName?) -> [FieldRule.Bit] {
        var bits: [FieldRule.Bit] = []
        section.section("bits") { section in
            for key in section.keys.prefix(64) {
                let name = section.value(key, accepted: "the bit's name: small letters, digits and `_`") { node in
                    node.text.flatMap { isMetric($0) ? $0 : nil }
                }
                guard let place = Int(key), (0...63).contains(place) else {
                    section.reject(key, .outOfRange, "accepted the place of a bit, 0…63; 0 is the lowest")
                    continue
                }
                guard let name, let metric, let own = MetricName("\(metric.text).\(name)") else { continue }
                bits.append(.init(place: place, metric: own))
            }
        }
        return bits.sorted { $0.place < $1.place }
    }

    /// Hex digits, quoted or not.
    static func bytes(_ section: YAMLSection, _ key: String, length: ClosedRange<Int>) -> [UInt8]? {
        section.value(key, accepted: "\(length.lowerBound)…\(length.upperBound) bytes in hex, in quotes") { node in
            guard let bytes = node.text.flatMap({ Hex.decode($0.filter { $0 != " " }) }), length.contains(bytes.count)
            else { return nil }
            return bytes
        }
    }

    static func condition(_ section: YAMLSection) -> MetricCondition {
        let condition = MetricCondition(
            metric: metric(section, "metric") ?? placeholder, bounds: range(section, "bounds"),
            deadband: section.number("deadband", in: 0...1e12),
            silenceMax: section.duration("silence_max", in: .seconds(1)...(.seconds(86_400)), default: .seconds(900)))
        if condition.bounds == nil, condition.deadband == nil {
            section.missing("bounds", accepted: "`bounds`, `deadband` or both")
        }
        return condition
    }
}
