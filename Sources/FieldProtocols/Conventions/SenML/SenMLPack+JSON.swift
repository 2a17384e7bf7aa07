internal import JSONText

/// Reads a pack in either form record by record.
enum SenMLPack {
    /// A pack in JSON: calls `body` for each entry.
    static func forEachEntry<E: Error>(
        in root: JSONValue, failed: (SenMLError) -> E, _ body: (SenMLEntry) throws(E) -> Void
    ) throws(E) {
        guard root.isArray else { throw failed(SenMLError(reason: .notAPack, record: 0)) }
        var number = 0
        try root.forEachElement { (element) throws(E) in
            let entry: SenMLEntry
            do throws(SenMLError) { entry = try Self.entry(element, number) } catch { throw failed(error) }
            number += 1
            try body(entry)
        }
    }

    /// Whether this array is meant to be a pack: its first element has a label that plain data has not.
    static func isPack(_ root: JSONValue) -> Bool {
        guard root.isArray, let first = root[0], first.isObject else { return false }
        return first["bn"] != nil
            || first["n"] != nil
                && (first["v"] != nil || first["vs"] != nil || first["vb"] != nil || first["vd"] != nil
                    || first["s"] != nil)
    }

    private static func entry(_ object: JSONValue, _ number: Int) throws(SenMLError) -> SenMLEntry {
        guard object.isObject else { throw SenMLError(reason: .notAPack, record: number) }
        var entry = SenMLEntry()
        try object.forEachMember { (label, value) throws(SenMLError) in
            func text() throws(SenMLError) -> SenMLEntry.Text { try Self.require(value.utf8, number) }
            switch label.count {
            case 1:
                switch label[0] {
                case UInt8(ascii: "n"): entry.name = try text()
                case UInt8(ascii: "u"): entry.unit = try text()
                case UInt8(ascii: "v"): entry.take(.number(try Self.require(value.double, number)))
                case UInt8(ascii: "s"): entry.sum = try Self.require(value.double, number)
                case UInt8(ascii: "t"): entry.time = try Self.require(value.double, number)
                default: entry.isForeign = entry.isForeign || label[0] == UInt8(ascii: "_")
                }
            case 2:
                switch (label[0], label[1]) {
                case (UInt8(ascii: "b"), UInt8(ascii: "n")): entry.baseName = try text()
                case (UInt8(ascii: "b"), UInt8(ascii: "t")): entry.baseTime = try Self.require(value.double, number)
                case (UInt8(ascii: "b"), UInt8(ascii: "u")): entry.baseUnit = try text()
                case (UInt8(ascii: "b"), UInt8(ascii: "v")): entry.baseValue = try Self.require(value.double, number)
                case (UInt8(ascii: "b"), UInt8(ascii: "s")): entry.baseSum = try Self.require(value.double, number)
                case (UInt8(ascii: "v"), UInt8(ascii: "s")): entry.take(.text(try text()))
                case (UInt8(ascii: "v"), UInt8(ascii: "b")): entry.take(.flag(try Self.require(value.bool, number)))
                case (UInt8(ascii: "v"), UInt8(ascii: "d")): entry.take(.bytes(try text(), isBase64: true))
                case (UInt8(ascii: "u"), UInt8(ascii: "t")): entry.updateTime = try Self.require(value.double, number)
                default: entry.isForeign = entry.isForeign || label.last == UInt8(ascii: "_")
                }
            default:
                if ScalarText.isExactly(label, "bver") {
                    entry.version = try Self.require(value.double, number)
                } else if label.last == UInt8(ascii: "_") {
                    entry.isForeign = true
                }
            }
        }
        return entry
    }

    static func require<Value>(_ value: Value?, _ record: Int) throws(SenMLError) -> Value {
        guard let value else { throw SenMLError(reason: .badField, record: record) }
        return value
    }
}
