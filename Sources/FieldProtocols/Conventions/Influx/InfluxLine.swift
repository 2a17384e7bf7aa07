/// One line of InfluxDB's line protocol, borrowed from the payload; names and texts still have their escapes.
struct InfluxLine {
    typealias Text = UnsafeBufferPointer<UInt8>

    enum Value {
        case number(Double)
        case integer(Int64)
        case unsigned(UInt64)
        case flag(Bool)
        /// Without the quotes.
        case text(Text)
    }

    /// Fields and tags of one line.
    static let fieldCountMax = 200
    static let tagCountMax = 64

    var measurement = Text(start: nil, count: 0)
    private(set) var tags: [(key: Text, value: Text)] = []
    private(set) var fields: [(key: Text, value: Value)] = []
    /// In the precision that the sender uses; nanoseconds unless something else was agreed.
    var timestamp: Int64?

    mutating func begin() {
        measurement = Text(start: nil, count: 0)
        tags.removeAll(keepingCapacity: true)
        fields.removeAll(keepingCapacity: true)
        timestamp = nil
    }

    mutating func add(tag key: Text, _ value: Text) -> Bool {
        guard tags.count < Self.tagCountMax else { return false }
        tags.append((key, value))
        return true
    }

    mutating func add(field key: Text, _ value: Value) -> Bool {
        guard fields.count < Self.fieldCountMax else { return false }
        fields.append((key, value))
        return true
    }

    /// The name or text that is written so: `\,`, `\=`, `\ ` in names, `\"` and `\\` in texts.
    static func unescaped(_ text: Text, isString: Bool = false) -> String {
        guard text.contains(UInt8(ascii: "\\")) else { return String(decoding: text, as: UTF8.self) }
        var result: [UInt8] = []
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "\\"), index + 1 < text.count, isEscapable(text[index + 1], isString) {
                index += 1
            }
            result.append(text[index])
            index += 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// A backslash before anything else stands for itself.
    private static func isEscapable(_ byte: UInt8, _ isString: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "\""): isString
        case UInt8(ascii: "\\"): true
        case UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: " "): !isString
        default: false
        }
    }
}
