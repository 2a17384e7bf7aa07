public import JSONText

/// What the outside is told about a parameter, and how its text is checked before a handler runs.
public struct ParameterDeclaration: Sendable {
    /// Where a request carries it.
    public enum Place: String, Sendable { case query, path, header }

    /// As OpenAPI tells it.
    public var name: String
    public var place: Place
    public var summary: String
    public var isRequired: Bool
    /// A JSON schema.
    public var schema: JSON
    /// The accepted values in words, for the error.
    public var accepts: String
    let isValid: @Sendable (String) -> Bool
}

/// A typed parameter of a route: declared with it, read from its requests.
///
///     let limit = Parameter.integer("limit", 1...10_000, default: 1_000, "Records at most")
///     Route(.get, "/api/v1/things", scope: .readReadings, "Lists things", parameters: [limit.declaration]) { request in
///         list(request[limit])
///     }
public struct Parameter<Value: Sendable>: Sendable {
    public let declaration: ParameterDeclaration
    let parse: @Sendable (String) -> Value?
    /// The value when the parameter is not given; nil: it must be given.
    let absent: Value?

    /// A parameter of any type. `parse` returns nil for text it does not accept; `accepts` says what it does.
    public init(
        _ name: String, in place: ParameterDeclaration.Place = .query, absent: Value?, schema: JSON, accepts: String,
        _ summary: String, parse: @escaping @Sendable (String) -> Value?
    ) {
        declaration = ParameterDeclaration(
            name: name, place: place, summary: summary, isRequired: place == .path || absent == nil, schema: schema,
            accepts: accepts, isValid: { parse($0) != nil })
        self.parse = parse
        self.absent = absent
    }
}

extension Parameter where Value == Int64 {
    /// A whole number within a range, or the default.
    public static func integer(
        _ name: String, _ range: ClosedRange<Int64>, default absent: Int64?, _ summary: String
    ) -> Parameter {
        var schema: JSON = ["type": "integer", "minimum": .integer(range.lowerBound)]
        if range.upperBound < .max { schema["maximum"] = .integer(range.upperBound) }
        if let absent { schema["default"] = .integer(absent) }
        return Parameter(
            name, absent: absent, schema: schema, accepts: "an integer from \(range.lowerBound) to \(range.upperBound)",
            summary
        ) { Int64($0).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension Parameter where Value == Int64? {
    /// A whole number within a range, or nil.
    public static func optionalInteger(_ name: String, _ range: ClosedRange<Int64>, _ summary: String) -> Parameter {
        let typed = Parameter<Int64>.integer(name, range, default: nil, summary)
        return Parameter(
            name, absent: .some(nil), schema: typed.declaration.schema, accepts: typed.declaration.accepts, summary
        ) { text in typed.parse(text).map { .some($0) } }
    }
}

extension Parameter where Value == String? {
    /// Text of at most 1024 bytes; nil when not given.
    public static func optionalText(_ name: String, _ summary: String) -> Parameter {
        Parameter(
            name, absent: .some(nil), schema: ["type": "string", "maxLength": 1024], accepts: "up to 1024 bytes",
            summary
        ) { $0.utf8.count <= 1024 ? .some($0) : nil }
    }
}

extension Parameter where Value == String {
    /// Text of 1 to 1024 bytes that must be given.
    public static func text(_ name: String, _ summary: String) -> Parameter { required(name, .query, summary) }

    /// A `{name}` of the path template.
    public static func path(_ name: String, _ summary: String) -> Parameter { required(name, .path, summary) }

    private static func required(
        _ name: String, _ place: ParameterDeclaration.Place, _ summary: String
    ) -> Parameter {
        Parameter(
            name, in: place, absent: nil, schema: ["type": "string", "minLength": 1, "maxLength": 1024],
            accepts: "1 to 1024 bytes", summary
        ) { !$0.isEmpty && $0.utf8.count <= 1024 ? $0 : nil }
    }
}

extension Parameter where Value == Bool {
    /// `true`, `false`, `1`, `0`, or the bare name for true.
    public static func flag(_ name: String, _ summary: String) -> Parameter {
        Parameter(
            name, absent: false, schema: ["type": "boolean", "default": false], accepts: "true or false", summary
        ) {
            switch $0 {
            case "true", "1", "": true
            case "false", "0": false
            default: nil
            }
        }
    }
}

extension Parameter where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    /// One of some words, or the default.
    public static func choice(
        _ name: String, in place: ParameterDeclaration.Place = .query, default absent: Value?, _ summary: String
    ) -> Parameter {
        let names = Value.allCases.map(\.rawValue)
        var schema: JSON = ["type": "string", "enum": .array(names.map(JSON.string))]
        if let absent { schema["default"] = .string(absent.rawValue) }
        return Parameter(
            name, in: place, absent: absent, schema: schema, accepts: "one of \(names.joined(separator: ", "))", summary
        ) { Value(rawValue: $0) }
    }
}
