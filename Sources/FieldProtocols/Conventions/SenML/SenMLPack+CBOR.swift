extension SenMLPack {
    /// A pack in CBOR (RFC 8428, section 6): integer labels, or the texts of the JSON form. Calls `body` for each entry.
    static func forEachEntry<E: Error>(
        in bytes: UnsafeRawBufferPointer, failed: (SenMLError) -> E, _ body: (SenMLEntry) throws(E) -> Void
    ) throws(E) {
        var scanner = CBORScanner(bytes)
        var number = 0
        func left(_ scanner: inout CBORScanner, _ count: inout Int?) throws(E) -> Bool {
            do throws(SenMLError) { return try scanner.hasMore(&count, number) } catch { throw failed(error) }
        }
        var count: Int?
        do throws(SenMLError) { count = try scanner.container(.array, 0) } catch { throw failed(error) }
        while try left(&scanner, &count) {
            let entry: SenMLEntry
            do throws(SenMLError) { entry = try Self.entry(&scanner, number) } catch { throw failed(error) }
            number += 1
            try body(entry)
        }
        if !scanner.isAtEnd { throw failed(SenMLError(reason: .malformedCBOR, record: number)) }
    }

    private static func entry(_ scanner: inout CBORScanner, _ number: Int) throws(SenMLError) -> SenMLEntry {
        var entry = SenMLEntry()
        var count = try scanner.container(.map, number)
        while try scanner.hasMore(&count, number) {
            let label: Int
            switch try scanner.next(number) {
            case .number(let written): label = Int(exactly: written) ?? .min
            case .text(let text): label = Self.label(text, &entry)
            default: throw SenMLError(reason: .badField, record: number)
            }
            let value = try scanner.next(number)
            switch label {
            case -1: entry.version = try require(value.number, number)
            case -2: entry.baseName = try require(value.text, number)
            case -3: entry.baseTime = try require(value.number, number)
            case -4: entry.baseUnit = try require(value.text, number)
            case -5: entry.baseValue = try require(value.number, number)
            case -6: entry.baseSum = try require(value.number, number)
            case 0: entry.name = try require(value.text, number)
            case 1: entry.unit = try require(value.text, number)
            case 2: entry.take(.number(try require(value.number, number)))
            case 3: entry.take(.text(try require(value.text, number)))
            case 4: entry.take(.flag(try require(value.flag, number)))
            case 5: entry.sum = try require(value.number, number)
            case 6: entry.time = try require(value.number, number)
            case 7: entry.updateTime = try require(value.number, number)
            case 8: entry.take(.bytes(try require(value.bytes, number), isBase64: false))
            default: break
            }
        }
        return entry
    }

    private static let labels: [(text: String, number: Int)] = [
        ("bver", -1), ("bn", -2), ("bt", -3), ("bu", -4), ("bv", -5), ("bs", -6), ("n", 0), ("u", 1), ("v", 2),
        ("vs", 3), ("vb", 4), ("s", 5), ("t", 6), ("ut", 7), ("vd", 8),
    ]

    private static func label(_ text: SenMLEntry.Text, _ entry: inout SenMLEntry) -> Int {
        if let known = labels.first(where: { $0.text.utf8.elementsEqual(text) }) { return known.number }
        if text.last == UInt8(ascii: "_") { entry.isForeign = true }
        return .min
    }
}
