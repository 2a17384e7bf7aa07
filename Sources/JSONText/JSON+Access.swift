extension JSON {
    /// Nil unless this is `true` or `false`.
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    /// Nil unless this is a string.
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    /// Nil unless this is an array.
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    /// Nil unless this is an object.
    public var members: [Member]? { if case .object(let value) = self { value } else { nil } }
    /// Whether this is `null`.
    public var isNull: Bool { self == .null }

    /// Nil unless this was written as an integer and fits.
    public var int64: Int64? {
        switch self {
        case .integer(let value): value
        case .unsigned(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// Nil unless this was written as an integer that is not negative.
    public var uint64: UInt64? {
        switch self {
        case .integer(let value): UInt64(exactly: value)
        case .unsigned(let value): value
        default: nil
        }
    }

    /// As `int64`, for counts and indices.
    public var int: Int? { int64.flatMap { Int(exactly: $0) } }

    /// Any number; integers beyond 2^53 lose digits.
    public var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// Elements or members; 0 for anything else.
    public var count: Int {
        switch self {
        case .array(let elements): elements.count
        case .object(let members): members.count
        default: 0
        }
    }

    /// The member with this key. Setting replaces it or adds it at the end; nil removes it. Nothing for other kinds.
    public subscript(_ key: String) -> JSON? {
        get { members?.first { $0.key == key }?.value }
        set {
            guard case .object(var members) = self else { return }
            if let position = members.firstIndex(where: { $0.key == key }) {
                if let newValue { members[position].value = newValue } else { members.remove(at: position) }
            } else if let newValue {
                members.append(Member(key: key, value: newValue))
            }
            self = .object(members)
        }
    }

    /// The element at this position; nil if there is none.
    public subscript(_ position: Int) -> JSON? {
        guard case .array(let elements) = self, elements.indices.contains(position) else { return nil }
        return elements[position]
    }
}
