/// Remembers what each member name means in each context, so that a telemetry message costs one lookup a member.
///
/// Bounded: when it is full it remembers no more, until its owner lets it forget.
struct FieldTable {
    private struct Entry {
        var hash: UInt64
        var context: UInt32
        var key: Range<Int>
        var meaning: FieldMeaning
    }

    static let countMax = 8_192

    private var slots = [UInt16](repeating: FieldTable.empty, count: 1 << 15)
    private var entries: [Entry] = []
    private var bytes: [UInt8] = []

    private static let empty = UInt16.max

    func meaning(of key: UnsafeBufferPointer<UInt8>, context: UInt32) -> FieldMeaning? {
        let hash = Self.hash(key, context)
        var slot = Int(truncatingIfNeeded: hash >> 32) & (slots.count - 1)
        while slots[slot] != Self.empty {
            let entry = entries[Int(slots[slot])]
            if entry.hash == hash, entry.context == context, entry.key.count == key.count,
                bytes.withUnsafeBufferPointer({ UnsafeBufferPointer(rebasing: $0[entry.key]).elementsEqual(key) })
            {
                return entry.meaning
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    var isFull: Bool { entries.count >= Self.countMax }

    mutating func remember(_ meaning: FieldMeaning, of key: UnsafeBufferPointer<UInt8>, context: UInt32) {
        if isFull { return }
        let hash = Self.hash(key, context)
        var slot = Int(truncatingIfNeeded: hash >> 32) & (slots.count - 1)
        while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
        let start = bytes.count
        bytes.append(contentsOf: key)
        slots[slot] = UInt16(entries.count)
        entries.append(Entry(hash: hash, context: context, key: start..<bytes.count, meaning: meaning))
    }

    mutating func forgetAll() {
        for slot in slots.indices { slots[slot] = Self.empty }
        entries.removeAll()
        bytes.removeAll()
    }

    private static func hash(_ key: UnsafeBufferPointer<UInt8>, _ context: UInt32) -> UInt64 {
        var hash = (UInt64(context) &+ 1) &* 0x9E37_79B9_7F4A_7C15
        for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash ^= hash >> 29
        return hash &* 0xBF58_476D_1CE4_E5B9
    }
}
