/// Something wrong in a YAML file, at the place where it is: prints as `file:line:column: key: message`.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Stable names for programs; the message is for people and may change.
    public enum Code: String, Sendable, CaseIterable {
        case malformed
        case tooLarge = "too_large"
        case tooDeep = "too_deep"
        case duplicateKey = "duplicate_key"
        case unsupported
        case unknownKey = "unknown_key"
        case missingKey = "missing_key"
        case wrongType = "wrong_type"
        case outOfRange = "out_of_range"
        case secretInClear = "secret_in_clear"
        case conflict
    }

    /// What kind of fault it is, and where it stands.
    public var code: Code
    public var position: YAMLPosition
    /// The path of the key, such as `sync.destinations[0].url`; nil where the file is not even YAML.
    public var key: String?
    /// What is wrong and what is accepted.
    public var message: String

    /// An error at `position`; `key` is the path of the key it is about.
    public init(_ code: Code, at position: YAMLPosition, key: String? = nil, message: String) {
        self.code = code
        self.position = position
        self.key = key
        self.message = message
    }

    public var description: String {
        guard let key, !key.isEmpty else { return "\(position): \(message)" }
        return "\(position): \(key): \(message)"
    }
}
