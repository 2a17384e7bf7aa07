internal import GatewayModel
internal import Glibc

/// Remembers what each name means in each context, so that a message costs one lookup a name: members of telemetry in
/// their place, topics, metrics.
///
/// Bounded: when it is full it remembers no more, until its owner lets it forget.
struct FieldTable<Meaning> {
    private struct Entry {
        var hash: UInt64
        var context: UInt32
        var key: Range<Int>
        var meaning: Meaning
    }

    private let countMax: Int
    private var slots: [UInt16]
    private var entries: [Entry] = []
    private var bytes: [UInt8] = []

    private static var empty: UInt16 { .max }

    /// `countMax`: at most 16,384 names.
    init(countMax: Int = 8_192) {
        precondition(
            (1...16_384).contains(countMax), "an index of an entry has 16 bits, and a quarter of the slots is full")
        self.countMax = countMax
        var slotCount = 64
        while slotCount < countMax * 4 { slotCount *= 2 }
        slots = [UInt16](repeating: Self.empty, count: slotCount)
    }

    func meaning(of key: UnsafeBufferPointer<UInt8>, context: UInt32) -> Meaning? {
        let hash = Self.hash(key, context)
        var slot = Int(truncatingIfNeeded: hash >> 32) & (slots.count - 1)
        while slots[slot] != Self.empty {
            let index = Int(slots[slot])
            if entries[index].hash == hash, entries[index].context == context, isKey(entries[index].key, key) {
                return entries[index].meaning
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    var isFull: Bool { entries.count >= countMax }

    mutating func remember(_ meaning: Meaning, of key: UnsafeBufferPointer<UInt8>, context: UInt32) {
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
        if entries.count * 16 < slots.count {
            // Few names: only their own slots are looked for, over what has been emptied already.
            for (index, entry) in entries.enumerated() {
                var slot = Int(truncatingIfNeeded: entry.hash >> 32) & (slots.count - 1)
                while slots[slot] != UInt16(index) { slot = (slot + 1) & (slots.count - 1) }
                slots[slot] = Self.empty
            }
        } else {
            for slot in slots.indices { slots[slot] = Self.empty }
        }
        entries.removeAll()
        bytes.removeAll()
    }

    private func isKey(_ range: Range<Int>, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        guard range.count == key.count, let start = key.baseAddress else { return range.isEmpty && key.isEmpty }
        return bytes.withUnsafeBytes { known in
            guard let known = known.baseAddress else { return true }
            return memcmp(known + range.lowerBound, start, key.count) == 0
        }
    }

    private static func hash(_ key: UnsafeBufferPointer<UInt8>, _ context: UInt32) -> UInt64 {
        PayloadHash.of(UnsafeRawBufferPointer(key)) &+ UInt64(context) &* 0x9E37_79B9_7F4A_7C15
    }
}
