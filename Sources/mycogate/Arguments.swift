import JSONText
import YAMLText

/// The words and options of one call, checked against what the verb takes.
struct Arguments {
    private(set) var words: [String] = []
    private var values: [String: String] = [:]
    private var switches: Set<String> = []

    init(_ arguments: [String], for verb: Verb) throws(ToolError) {
        var rest = arguments[...]
        var onlyWords = false
        while let argument = rest.popFirst() {
            if onlyWords || argument == "-" || !argument.hasPrefix("-") {
                words.append(argument)
            } else if argument == "--" {
                onlyWords = true
            } else {
                try take(argument, &rest, verb)
            }
        }
        guard verb.words.contains(words.count) else {
            throw .usage("usage: mycogate \(verb.name) \(verb.synopsis)")
        }
    }

    private mutating func take(_ argument: String, _ rest: inout ArraySlice<String>, _ verb: Verb) throws(ToolError) {
        let spelled = argument.drop { $0 == "-" }
        let parts = spelled.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard argument.hasPrefix("--"), let name = parts.first,
            let option = verb.options.first(where: { $0.name == name })
        else { throw .usage("unknown option `\(argument)`; `mycogate \(verb.name) --help` lists them") }
        guard option.value != nil else {
            guard parts.count == 1 else { throw .usage("--\(name) takes no value") }
            switches.insert(name)
            return
        }
        guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
            throw .usage("--\(name) needs a value: \(option.value ?? "")")
        }
        guard values.updateValue(value, forKey: name) == nil else { throw .usage("--\(name) is given twice") }
    }

    func has(_ name: String) -> Bool { switches.contains(name) }
    subscript(_ name: String) -> String? { values[name] }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(ToolError) -> Int? {
        guard let text = values[name] else { return nil }
        guard let value = Int(text), range.contains(value) else {
            throw .usage("--\(name) `\(text)`: accepted \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    func duration(_ name: String) throws(ToolError) -> Duration? {
        guard let text = values[name] else { return nil }
        guard let value = DurationText.parse(text), value >= .zero else {
            throw .usage("--\(name) `\(text)`: accepted \(DurationText.form)")
        }
        return value
    }

    /// The words after the first `count`, as members of an object: values that are not JSON are text.
    func members(after count: Int) throws(ToolError) -> [JSON.Member] {
        var members: [JSON.Member] = []
        for word in words.dropFirst(count) {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else { throw .usage("`\(word)`: accepted key=value") }
            // What is not JSON is text.
            members.append(.init(key: parts[0], value: (try? JSON(parsing: parts[1])) ?? .string(parts[1])))
        }
        return members
    }

    /// What `--format` and `--json` ask for; a table without either.
    func format() throws(ToolError) -> OutputFormat {
        if has("json") { return .json }
        guard let text = values["format"] else { return .table }
        guard let format = OutputFormat(rawValue: text) else {
            throw .usage("--format `\(text)`: accepted table, json, csv")
        }
        return format
    }
}

/// How data is printed.
enum OutputFormat: String {
    case table, json, csv

    /// The format that the daemon is asked for: a table is made of lines of JSON.
    var ofAnswer: String { self == .csv ? "csv" : "ndjson" }
}
