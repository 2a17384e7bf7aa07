/// One value of a YAML document with its place in the file.
public struct YAMLNode: Sendable, Equatable {
    /// How a scalar was written: `5` is a number where one is wanted, `"5"` is always text.
    public enum ScalarStyle: Sendable, Equatable {
        case plain, quoted
    }

    /// One key of a mapping with its value. Keys are text.
    public struct Member: Sendable, Equatable {
        /// The key, where it stands, and what it holds.
        public var key: String
        public var keyPosition: YAMLPosition
        public var value: YAMLNode

        /// A member as a composer or a test makes it.
        public init(key: String, keyPosition: YAMLPosition, value: YAMLNode) {
            self.key = key
            self.keyPosition = keyPosition
            self.value = value
        }
    }

    /// The three kinds of value. Members keep the order of the file and no key occurs twice.
    public enum Content: Sendable, Equatable {
        case scalar(String, ScalarStyle)
        case sequence([YAMLNode])
        case mapping([Member])
    }

    /// What stands there, and where it begins.
    public var content: Content
    public var position: YAMLPosition

    /// A value at a place.
    public init(_ content: Content, at position: YAMLPosition) {
        self.content = content
        self.position = position
    }

    /// Whether this is an empty value: nothing at all, `~` or `null`.
    public var isNull: Bool {
        guard case .scalar(let text, .plain) = content else { return false }
        return text.isEmpty || text == "~" || text == "null"
    }

    /// The value of `key` if this is a mapping that has it.
    public subscript(key: String) -> YAMLNode? {
        guard case .mapping(let members) = content else { return nil }
        return members.first { $0.key == key }?.value
    }

    /// What the value is, in the words of an error message: `text`, `a list` or `a section`.
    public var kind: String {
        switch content {
        case .scalar(let text, _): isNull ? "nothing" : "`\(text.prefix(40))`"
        case .sequence: "a list"
        case .mapping: "a section"
        }
    }
}
