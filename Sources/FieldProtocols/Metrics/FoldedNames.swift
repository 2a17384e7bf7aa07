/// Finds which of some names a key is, in upper or lower case, without making a string of it. Built once.
struct FoldedNames: Sendable {
    /// By hash: one more than the index of a name, 0 where there is none.
    private var slots: [UInt16]
    private var bytes: [UInt8] = []
    private var ends: [Int] = []
    private var values: [Int] = []
    private var countMax = 0
    /// By the low five bits of its first byte: the lengths (below 64) that a name may have.
    private var lengths = [UInt64](repeating: 0, count: 32)

    /// `names` in lower case, each with what it stands for.
    init(_ names: [(name: String, value: Int)]) {
        var capacity = 64
        while capacity < names.count * 4 { capacity *= 2 }
        slots = Array(repeating: 0, count: capacity)
        for (name, value) in names {
            bytes += Array(name.utf8)
            ends.append(bytes.count)
            values.append(value)
            countMax = max(countMax, name.utf8.count)
            if let first = name.utf8.first { lengths[Int(first & 31)] |= 1 << UInt64(name.utf8.count & 63) }
            var slot = Array(name.utf8).withUnsafeBufferPointer { Self.hash($0) } & (capacity - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = UInt16(values.count)
        }
    }

    /// What `key` stands for; nil if it is none of the names.
    func value(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !key.isEmpty, key.count <= countMax, lengths[Int(key[0] & 31)] >> UInt64(key.count & 63) & 1 == 1 else {
            return nil
        }
        var slot = Self.hash(key) & (slots.count - 1)
        while slots[slot] != 0 {
            let index = Int(slots[slot]) - 1
            if isName(index, key) { return values[index] }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isName(_ index: Int, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = index == 0 ? 0 : ends[index - 1]
        guard ends[index] - start == key.count else { return false }
        for offset in 0..<key.count where bytes[start + offset] != Self.folded(key[offset]) { return false }
        return true
    }

    @inline(__always)
    private static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    @inline(__always)
    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> Int {
        var hash: UInt32 = 0x811C_9DC5
        for byte in key { hash = (hash ^ UInt32(folded(byte))) &* 0x0100_0193 }
        return Int(hash ^ hash >> 15)
    }
}
