internal import FieldProtocols
internal import GatewayModel
internal import YAMLText

extension ProfileDocument {
    /// What a field of a text says.
    enum TextType: String, CaseIterable { case number, text, flag }

    static func lines(_ section: YAMLSection, _ poll: inout Profile.Poll?) -> LineCodec {
        poll = Self.poll(section)
        return LineCodec(rules: rules(section))
    }

    static func json(_ section: YAMLSection, _ poll: inout Profile.Poll?) -> LineCodec {
        poll = Self.poll(section)
        return LineCodec(rules: [LineCodec.Rule(.json, fields: paths(section, "fields"))])
    }

    static func rules(_ section: YAMLSection) -> [LineCodec.Rule] {
        let rules = section.sections("rules", countMax: 64, rule)
        if rules.isEmpty { section.missing("rules", accepted: "a list of at least one rule") }
        return rules.compactMap { $0 }
    }

    private static func rule(_ section: YAMLSection) -> LineCodec.Rule? {
        let forms = ["match", "csv", "json"].filter { section.has($0) }
        guard forms.count == 1 else {
            section.reject("match", .conflict, "accepted one of `match`, `csv` and `json: true`")
            return nil
        }
        switch forms[0] {
        case "match":
            let pattern = pattern(section)
            let fields = fields(section, "fields", countMax: 64)
            for field in fields where pattern?.groupNames.contains(field.source) == false {
                section.reject("fields", .conflict, "the pattern has no group `\(field.source)`")
            }
            return pattern.map { LineCodec.Rule(.pattern($0), fields: fields) }
        case "csv":
            let columns = section.section("csv", columns) ?? LineCodec.Columns()
            let fields = fields(section, "fields", countMax: 256)
            for field in fields where !columns.names.isEmpty && !columns.names.contains(field.source) {
                section.reject("fields", .conflict, "there is no column `\(field.source)`")
            }
            return LineCodec.Rule(.columns(columns), fields: fields)
        default:
            if section.flag("json") == false { section.reject("json", .outOfRange, "accepted true") }
            return LineCodec.Rule(.json, fields: paths(section, "fields"))
        }
    }

    private static func pattern(_ section: YAMLSection) -> LinePattern? {
        guard let text = section.text("match", length: 1...1_024) else { return nil }
        do throws(LinePattern.Failure) {
            return try LinePattern(text)
        } catch {
            section.reject("match", .malformed, error.description)
            return nil
        }
    }

    private static func columns(_ section: YAMLSection) -> LineCodec.Columns {
        let separators: [String: UInt8] = [
            ",": 0x2C, ";": 0x3B, "tab": 0x09, "space": 0x20, "|": 0x7C, ":": 0x3A, "/": 0x2F,
        ]
        let separator = section.value("separator", accepted: "one of , ; | : / tab space") {
            $0.text.flatMap { separators[$0] }
        }
        return LineCodec.Columns(
            separator: separator ?? 0x2C, prefix: section.text("prefix", length: 1...64).map { Array($0.utf8) } ?? [],
            names: section.texts("columns", countMax: LineCodec.columnCountMax, length: 1...64) ?? [],
            count: section.integer("count", in: 1...LineCodec.columnCountMax))
    }

    /// Fields of text: groups, columns or paths.
    static func fields(_ section: YAMLSection, _ key: String, countMax: Int) -> [LineCodec.Field] {
        let fields = section.sections(key, countMax: countMax) { section in
            let type = section.choice("type", default: TextType.number)
            return LineCodec.Field(
                source: section.requiredText("from", length: 1...128),
                rule: rule(section, isText: type == .text, isFlag: type == .flag))
        }
        if fields.isEmpty { section.missing(key, accepted: "a list of at least one field") }
        return fields
    }

    static func paths(_ section: YAMLSection, _ key: String) -> [LineCodec.Field] {
        let fields = fields(section, key, countMax: 256)
        for field in fields where field.path == nil {
            section.reject(key, .outOfRange, "`\(field.source)`: accepted a path such as `data.temp` or `list[0].t`")
        }
        return fields
    }
}
