internal import Glibc

/// Finds which of some names a key is, in upper or lower case, without making a string of it. Built once.
struct FoldedNames: Sendable {
    private struct Name {
        var bytes: Range<Int>
        var value: Int
    }

    /// By hash: one more than the index of a name, 0 where there is none.
    private var slots: [UInt16]
    private var bytes: [UInt8] = []
    private var names: [Name] = []
    private var countMax = 0
    /// By the low five bits of its first byte: the lengths (below 64) that a name may have.
    private var lengths = [UInt64](repeating: 0, count: 32)

    /// `names` in lower case, each with what it stands for.
    init(_ names: [(name: String, value: Int)]) {
        var capacity = 64
        while capacity < names.count * 4 { capacity *= 2 }
        slots = Array(repeating: 0, count: capacity)
        for (name, value) in names {
            let start = bytes.count
            bytes += Array(name.utf8)
            self.names.append(Name(bytes: start..<bytes.count, value: value))
            countMax = max(countMax, name.utf8.count)
            if let first = name.utf8.first { lengths[Int(first & 31)] |= 1 << UInt64(name.utf8.count & 63) }
            var slot = Array(name.utf8).withUnsafeBytes { Self.hash($0) } & (capacity - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
            slots[slot] = UInt16(self.names.count)
        }
    }

    /// What `key` stands for; nil if it is none of the names.
    func value(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        guard !key.isEmpty, key.count <= countMax, lengths[Int(key[0] & 31)] >> UInt64(key.count & 63) & 1 == 1 else {
            return nil
        }
        var slot = Self.hash(UnsafeRawBufferPointer(key)) & (slots.count - 1)
        while slots[slot] != 0 {
            let name = names[Int(slots[slot]) - 1]
            if isName(name.bytes, key) { return name.value }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    private func isName(_ range: Range<Int>, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        guard range.count == key.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            guard let all = bytes.baseAddress, let start = key.baseAddress else { return false }
            // Nearly all keys are in lower case.
            if memcmp(all + range.lowerBound, start, key.count) == 0 { return true }
            return key.indices.allSatisfy { all[range.lowerBound + $0] == Self.folded(key[$0]) }
        }
    }

    @inline(__always)
    private static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// With the bit set that tells the cases of a letter apart. What else it makes the same is told apart by `isName`.
    @inline(__always)
    private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
        var hash: UInt64 = 0
        var offset = 0
        while offset + 8 <= key.count {
            hash = (hash ^ word(key, at: offset)) &* 0x9E37_79B9_7F4A_7C15
            offset += 8
        }
        var rest: UInt64 = 0
        if offset > 0 {
            // Together with some of what stands before it.
            rest = word(key, at: key.count - 8)
        } else {
            for byte in key { rest = rest << 8 | UInt64(byte | 0x20) }
        }
        return Int(((hash ^ rest) &* 0x9E37_79B9_7F4A_7C15) >> 40)
    }

    @inline(__always)
    private static func word(_ key: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        key.loadUnaligned(fromByteOffset: offset, as: UInt64.self) | 0x2020_2020_2020_2020
    }
}
