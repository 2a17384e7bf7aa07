internal import Glibc

/// Finds which of some names a key is, without making a string of it. Built once.
struct NameLookup: Sendable {
    /// Where a name stands in `bytes`, and what it stands for. Of no bytes: no name.
    private struct Slot {
        var start: UInt16 = 0
        var count: UInt8 = 0
        var value: UInt8 = 0
    }

    /// By hash.
    private var slots: [Slot]
    private var bytes: [UInt8] = []
    private let ignoresCase: Bool

    /// `names`, each with what it stands for; in lower case if upper case shall mean the same.
    init(_ names: [(name: String, value: Int)], ignoringCase ignoresCase: Bool) {
        self.ignoresCase = ignoresCase
        var capacity = 64
        while capacity < names.count * 4 { capacity *= 2 }
        slots = Array(repeating: Slot(), count: capacity)
        for (name, value) in names {
            let name = Array(name.utf8)
            var place = name.withUnsafeBytes { Self.hash($0) } & (capacity - 1)
            while slots[place].count != 0 { place = (place + 1) & (capacity - 1) }
            slots[place] = Slot(start: UInt16(bytes.count), count: UInt8(name.count), value: UInt8(value))
            bytes += name
        }
    }

    /// What `key` stands for; nil if it is none of the names.
    func value(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        let raw = UnsafeRawBufferPointer(key)
        var place = Self.hash(raw) & (slots.count - 1)
        while true {
            let slot = slots[place]
            if slot.count == 0 { return nil }
            if Int(slot.count) == raw.count, isName(slot, raw) { return Int(slot.value) }
            place = (place + 1) & (slots.count - 1)
        }
    }

    /// Whether the name in `slot` is the key, which is as long.
    private func isName(_ slot: Slot, _ key: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard let all = bytes.baseAddress, let start = key.baseAddress else { return false }
            // Nearly all keys are in lower case.
            if memcmp(all + Int(slot.start), start, key.count) == 0 { return true }
            return ignoresCase && key.indices.allSatisfy { bytes[Int(slot.start) + $0] == Self.folded(key[$0]) }
        }
    }

    @inline(__always)
    private static func folded(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

    /// Of the length and both ends, with the bit set that tells the cases of a letter apart.
    @inline(__always)
    private static func hash(_ key: UnsafeRawBufferPointer) -> Int {
        var ends = UInt64(truncatingIfNeeded: key.count)
        if key.count >= 4 {
            ends = ends << 56 ^ UInt64(word(key, at: 0)) << 32 ^ UInt64(word(key, at: key.count - 4))
        } else {
            for byte in key { ends = ends << 8 | UInt64(byte | 0x20) }
        }
        return Int((ends &* 0x9E37_79B9_7F4A_7C15) >> 40)
    }

    @inline(__always)
    private static func word(_ key: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
        key.loadUnaligned(fromByteOffset: offset, as: UInt32.self) | 0x2020_2020
    }
}
