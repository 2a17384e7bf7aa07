extension JSON {
    /// Compact, on one line, members in their order.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// As `text`, in bytes.
    public var bytes: [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// What Python's `json.dumps(value, sort_keys=True, separators=(",", ":"))` gives: keys sorted by code point at all
    /// levels, no spaces, non-ASCII as `\uXXXX`, integers as integers and other numbers as Python's `repr`.
    public var pythonCanonicalText: String { String(decoding: pythonCanonicalBytes, as: UTF8.self) }

    /// As `pythonCanonicalText`, in bytes.
    public var pythonCanonicalBytes: [UInt8] {
        var writer = JSONWriter(escaping: .ascii)
        writer.canonical(self)
        return writer.bytes
    }
}

extension JSONWriter {
    /// Writes a whole value, members in their order.
    public mutating func value(_ value: JSON) {
        switch value {
        case .array(let elements):
            beginArray()
            for element in elements { self.value(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        default: scalar(value)
        }
    }

    fileprivate mutating func canonical(_ value: JSON) {
        switch value {
        case .array(let elements):
            beginArray()
            for element in elements { canonical(element) }
            endArray()
        case .object(let members):
            beginObject()
            // Bytes of UTF-8 sort as code points do; Swift's own order of strings does not.
            for member in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                key(member.key)
                canonical(member.value)
            }
            endObject()
        default: scalar(value)
        }
    }

    private mutating func scalar(_ value: JSON) {
        switch value {
        case .bool(let value): bool(value)
        case .integer(let value): integer(value)
        case .unsigned(let value): unsigned(value)
        case .number(let value): number(value)
        case .string(let value): string(value)
        default: null()
        }
    }
}
