extension JSONValue {
    /// Members of an object or elements of an array; 0 for anything else.
    public var count: Int {
        guard isObject || isArray else { return 0 }
        // The tape's own count saturates at 24 bits, which a text of 1 MiB cannot reach; larger limits count.
        let count = Int((tape[index] >> 32) & 0xFF_FFFF)
        if count < 0xFF_FFFF { return count }
        var counted = 0
        if isObject { forEachMember { _, _ in counted += 1 } } else { forEachElement { _ in counted += 1 } }
        return counted
    }

    /// Calls `body` with every key and value in the order of the text, duplicates included; nothing for other kinds.
    @inlinable
    public func forEachMember<E: Error>(
        _ body: (UnsafeBufferPointer<UInt8>, JSONValue) throws(E) -> Void
    ) throws(E) {
        guard isObject else { return }
        let last = end - 1
        var at = index + 1
        while at < last {
            let key = JSONValue(tape: tape, strings: strings, index: at)
            let value = JSONValue(tape: tape, strings: strings, index: at + 1)
            try body(key.text(at: key.payload), value)
            at = value.end
        }
    }

    /// Calls `body` with every element of an array; nothing for other kinds.
    @inlinable
    public func forEachElement<E: Error>(_ body: (JSONValue) throws(E) -> Void) throws(E) {
        guard isArray else { return }
        let last = end - 1
        var at = index + 1
        while at < last {
            let value = JSONValue(tape: tape, strings: strings, index: at)
            try body(value)
            at = value.end
        }
    }

    /// The first member with this key; nil if there is none or this is not an object.
    @inlinable
    public subscript(_ key: StaticString) -> JSONValue? {
        member(UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
    }

    /// As the other subscript, for a key that is computed. It has a label because a literal would be taken for a `String`.
    public subscript(computed key: String) -> JSONValue? {
        var key = key
        return key.withUTF8 { member($0) }
    }

    /// The element at `position`; nil if there is none or this is not an array.
    public subscript(_ position: Int) -> JSONValue? {
        guard isArray, position >= 0 else { return nil }
        let last = end - 1
        var at = index + 1
        var left = position
        while at < last {
            let value = JSONValue(tape: tape, strings: strings, index: at)
            if left == 0 { return value }
            left -= 1
            at = value.end
        }
        return nil
    }

    /// The first member with this key; nil if there is none or this is not an object.
    @inlinable
    public func member(_ key: UnsafeBufferPointer<UInt8>) -> JSONValue? {
        guard isObject else { return nil }
        let last = end - 1
        var at = index + 1
        while at < last {
            let name = JSONValue(tape: tape, strings: strings, index: at)
            let value = JSONValue(tape: tape, strings: strings, index: at + 1)
            if name.isText(key) { return value }
            at = value.end
        }
        return nil
    }
}
