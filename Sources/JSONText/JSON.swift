/// A JSON value that owns its content. For configuration, bodies and tests; the data path uses `JSONValue`.
public enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// An integer beyond `Int64.max`.
    case unsigned(UInt64)
    /// A finite number that was not written as an integer.
    case number(Double)
    case string(String)
    case array([JSON])
    /// Members in the order of the text; of duplicate keys the first.
    case object([Member])

    /// One key and its value.
    public struct Member: Sendable, Equatable {
        /// Unescaped.
        public var key: String
        /// Any kind.
        public var value: JSON

        public init(key: String, value: JSON) {
            self.key = key
            self.value = value
        }
    }

    /// A deep copy of a borrowed value.
    public init(_ value: JSONValue) {
        switch value.kind {
        case .null: self = .null
        case .bool: self = .bool(value.bool ?? false)
        case .integer: self = .integer(value.int64 ?? 0)
        case .unsigned: self = .unsigned(value.uint64 ?? 0)
        case .number: self = .number(value.double ?? 0)
        case .string: self = .string(value.string ?? "")
        case .array:
            var elements: [JSON] = []
            elements.reserveCapacity(value.count)
            value.forEachElement { elements.append(JSON($0)) }
            self = .array(elements)
        case .object:
            self = .object(Self.members(of: value))
        }
    }

    private static func members(of value: JSONValue) -> [Member] {
        var members: [Member] = []
        members.reserveCapacity(value.count)
        var seen: Set<String> = []
        value.forEachMember { key, value in
            let key = String(decoding: key, as: UTF8.self)
            if seen.insert(key).inserted { members.append(Member(key: key, value: JSON(value))) }
        }
        return members
    }

    /// Parses one text; `byteCountMax` bounds it.
    public init(parsing text: String, byteCountMax: Int = JSONParser.byteCountMax) throws(JSONError) {
        self = try JSONParser(byteCountMax: byteCountMax).withParsed(text) { JSON($0) }
    }

    /// Parses one text; `byteCountMax` bounds it.
    public init(parsing bytes: UnsafeRawBufferPointer, byteCountMax: Int = JSONParser.byteCountMax) throws(JSONError) {
        let parser = JSONParser(byteCountMax: byteCountMax)
        self = JSON(try parser.parse(bytes))
        // The value points into the parser's memory until it is copied.
        withExtendedLifetime(parser) {}
    }

    /// Parses one text; `byteCountMax` bounds it.
    public init(parsing bytes: [UInt8], byteCountMax: Int = JSONParser.byteCountMax) throws(JSONError) {
        let parsed = bytes.withUnsafeBytes { bytes -> Result<JSON, JSONError> in
            do throws(JSONError) { return .success(try JSON(parsing: bytes, byteCountMax: byteCountMax)) } catch {
                return .failure(error)
            }
        }
        self = try parsed.get()
    }
}
