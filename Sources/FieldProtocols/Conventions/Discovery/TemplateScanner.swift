/// Reads the parts of a value template from the front of a text; white space between them is passed over.
struct TemplateScanner {
    private let text: [UInt8]
    private var index = 0

    init(_ text: String) { self.text = Array(text.utf8) }

    var isAtEnd: Bool {
        mutating get {
            skipBlanks()
            return index == text.count
        }
    }

    mutating func skip(_ mark: String) -> Bool {
        skipBlanks()
        guard text[index...].starts(with: mark.utf8) else { return false }
        index += mark.utf8.count
        return true
    }

    /// A name: letters, digits and `_`.
    mutating func word() -> String? {
        skipBlanks()
        let start = index
        while index < text.count, Self.isNamePart(text[index]) { index += 1 }
        return index > start ? String(decoding: text[start..<index], as: UTF8.self) : nil
    }

    /// `.name`, `['name']`, `["name"]` or `[0]`.
    mutating func step() -> ValueTemplate.Step? {
        let start = index
        if skip(".") {
            if let name = word() { return .member(name) }
        } else if skip("[") {
            if let quote = ["'", "\""].first(where: { skip($0) }), let name = quoted(until: quote), skip("]") {
                return .member(name)
            }
            if let digits = word(), let number = Int(digits), number >= 0, skip("]") { return .element(number) }
        }
        index = start
        return nil
    }

    /// `float`, `float(0)`, `int`, `int(0)`, `round`, `round(1)`: what stands for a missing value is not needed here.
    mutating func filter() -> ValueTemplate.Filter? {
        guard let name = word() else { return nil }
        var argument: Int?
        if skip("(") {
            if let digits = word() {
                guard let number = Int(digits), number <= 9, number >= 0 else { return nil }
                argument = number
            }
            guard skip(")") else { return nil }
        }
        switch name {
        case "float": return .float
        case "int": return .int
        case "round": return .round(places: argument ?? 0)
        default: return nil
        }
    }

    private mutating func quoted(until quote: String) -> String? {
        guard let mark = quote.utf8.first, let end = text[index...].firstIndex(of: mark) else { return nil }
        defer { index = end + 1 }
        return String(decoding: text[index..<end], as: UTF8.self)
    }

    private mutating func skipBlanks() {
        while index < text.count, text[index] == 0x20 || (0x09...0x0D).contains(text[index]) { index += 1 }
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
