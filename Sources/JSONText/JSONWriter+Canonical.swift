extension JSONWriter {
    /// Writes a borrowed value canonically, without the members `without` of its top level: keys sorted by code point
    /// at all levels, of duplicate keys the first. With `escaping: .ascii` this is `JSON.pythonCanonicalText`.
    public mutating func canonical(_ value: JSONValue, without: [StaticString] = []) {
        switch value.kind {
        case .object: canonicalObject(value, without: without)
        case .array:
            beginArray()
            value.forEachElement { canonical($0) }
            endArray()
        case .bool: bool(value.bool ?? false)
        case .integer: integer(value.int64 ?? 0)
        case .unsigned: unsigned(value.uint64 ?? 0)
        case .number: number(value.double ?? 0)
        case .string: if let text = value.utf8 { string(utf8: text) }
        case .null: null()
        }
    }

    private mutating func canonicalObject(_ object: JSONValue, without: [StaticString]) {
        var members: [(key: UnsafeBufferPointer<UInt8>, value: JSONValue)] = []
        members.reserveCapacity(object.count)
        object.forEachMember { key, value in
            let isDropped = without.contains { name in
                key.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            }
            if !isDropped { members.append((key, value)) }
        }
        // Members keep their order on the tape, so that the first of equal keys can be told.
        members.sort { left, right in
            if left.key.elementsEqual(right.key) { return left.value.index < right.value.index }
            return left.key.lexicographicallyPrecedes(right.key)
        }
        beginObject()
        var last: UnsafeBufferPointer<UInt8>?
        for (key, value) in members {
            if let last, last.elementsEqual(key) { continue }
            last = key
            self.key(utf8: key)
            canonical(value)
        }
        endObject()
    }
}
