internal import GatewayModel
internal import Glibc

/// Remembers what each name means in each context, so that a message costs one lookup a name: members of telemetry in
/// their place, topics, metrics.
///
/// Bounded: when it is full it remembers no more, until its owner lets it forget. It takes memory for what it holds only,
/// so that what is looked up stays together.
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
    private static var noSlots: [UInt16] { [UInt16](repeating: empty, count: 64) }
    /// Of its names together, for each that it may hold: long ones fill it earlier.
    private static var byteCountOfName: Int { 128 }

    /// `countMax`: at most 32,768 names.
    init(countMax: Int = 8_192) {
        precondition((1...32_768).contains(countMax), "an index of an entry has 16 bits")
        self.countMax = countMax
        slots = Self.noSlots
    }

    func meaning(of key: UnsafeBufferPointer<UInt8>, context: UInt32) -> Meaning? {
        index(of: key, hash: PayloadHash.of(UnsafeRawBufferPointer(key)), context: context).map { entries[$0].meaning }
    }

    /// Where a name stands, from 0 in the order in which they came, until all is forgotten. `hash` is that of `PayloadHash`.
    func index(of key: UnsafeBufferPointer<UInt8>, hash: UInt64, context: UInt32) -> Int? {
        let hash = Self.mixed(hash, context)
        var slot = firstSlot(hash)
        while slots[slot] != Self.empty {
            let index = Int(slots[slot])
            if entries[index].hash == hash, entries[index].context == context, isKey(entries[index].key, key) {
                return index
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The meaning of the name that stands at `index`.
    subscript(index: Int) -> Meaning {
        get { entries[index].meaning }
        set { entries[index].meaning = newValue }
    }

    var count: Int { entries.count }

    var isFull: Bool { entries.count >= countMax || bytes.count >= countMax * Self.byteCountOfName }

    mutating func remember(_ meaning: Meaning, of key: UnsafeBufferPointer<UInt8>, context: UInt32) {
        if isFull { return }
        if entries.count * 4 >= slots.count { grow() }
        let hash = Self.mixed(PayloadHash.of(UnsafeRawBufferPointer(key)), context)
        let start = bytes.count
        bytes.append(contentsOf: key)
        slots[freeSlot(hash)] = UInt16(entries.count)
        entries.append(Entry(hash: hash, context: context, key: start..<bytes.count, meaning: meaning))
    }

    mutating func forgetAll() {
        slots = Self.noSlots
        entries.removeAll()
        bytes.removeAll()
    }

    private mutating func grow() {
        slots = [UInt16](repeating: Self.empty, count: slots.count * 2)
        for (index, entry) in entries.enumerated() { slots[freeSlot(entry.hash)] = UInt16(index) }
    }

    private func freeSlot(_ hash: UInt64) -> Int {
        var slot = firstSlot(hash)
        while slots[slot] != Self.empty { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }

    private func firstSlot(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash >> 32) & (slots.count - 1) }

    private func isKey(_ range: Range<Int>, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        guard range.count == key.count, let start = key.baseAddress else { return range.isEmpty && key.isEmpty }
        return bytes.withUnsafeBytes { known in
            guard let known = known.baseAddress else { return true }
            return memcmp(known + range.lowerBound, start, key.count) == 0
        }
    }

    private static func mixed(_ hash: UInt64, _ context: UInt32) -> UInt64 {
        hash &+ UInt64(context) &* 0x9E37_79B9_7F4A_7C15
    }
}
