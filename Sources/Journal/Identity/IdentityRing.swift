/// The identity hashes of the last 100,000 messages, oldest out first: 1.3 MiB, whatever is sent.
struct IdentityRing {
    static let countMax = 100_000

    private var ring: [UInt64] = Array(repeating: 0, count: countMax)
    /// Open addressing with linear probing: a place in the ring plus one, below some bits of the hash that is there, so
    /// that hardly any other is looked at; 0 is free.
    private var table: [UInt32] = Array(repeating: 0, count: tableCount)
    /// Messages ever added.
    private(set) var count = 0

    private static let placeBits: UInt32 = 17
    private static let tableCount = 1 << placeBits
    private static let tableMask = tableCount - 1

    func contains(_ hash: UInt64) -> Bool {
        let wanted = Self.mark(hash)
        var slot = Self.home(hash)
        while table[slot] != 0 {
            if table[slot] >> Self.placeBits == wanted, ring[place(in: slot)] == hash { return true }
            slot = (slot + 1) & Self.tableMask
        }
        return false
    }

    /// Adds the newest message; the oldest is forgotten when the ring is full.
    mutating func append(_ hash: UInt64) {
        let place = count % Self.countMax
        if count >= Self.countMax { removeFromTable(place) }
        ring[place] = hash
        var slot = Self.home(hash)
        while table[slot] != 0 { slot = (slot + 1) & Self.tableMask }
        table[slot] = Self.mark(hash) << Self.placeBits | UInt32(place + 1)
        count += 1
    }

    /// Where a hash stands among the messages of `range`, which counts them from the first ever added; at most `limit`.
    func places(of hash: UInt64, in range: Range<Int>, limit: Int) -> [Int] {
        let range = range.clamped(to: max(0, count - Self.countMax)..<count)
        var places: [Int] = []
        var index = range.lowerBound % Self.countMax
        for place in range {
            if ring[index] == hash {
                places.append(place)
                if places.count == limit { break }
            }
            index = index + 1 == Self.countMax ? 0 : index + 1
        }
        return places
    }

    /// The newest hashes, at most `limit`, newest first.
    func newest(_ limit: Int, _ body: (UInt64) -> Void) {
        for back in 0..<max(0, min(limit, count, Self.countMax)) { body(ring[(count - 1 - back) % Self.countMax]) }
    }

    var byteCount: Int {
        ring.capacity * MemoryLayout<UInt64>.stride + table.capacity * MemoryLayout<UInt32>.stride
    }

    private static func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & tableMask }
    private static func mark(_ hash: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: hash >> 49) }
    private func place(in slot: Int) -> Int { Int(table[slot] & (1 << Self.placeBits - 1)) - 1 }

    /// Closes the hole behind a removed entry, so that probing never needs tombstones.
    private mutating func removeFromTable(_ place: Int) {
        let wanted = Self.mark(ring[place]) << Self.placeBits | UInt32(place + 1)
        var hole = Self.home(ring[place])
        while table[hole] != wanted { hole = (hole + 1) & Self.tableMask }
        var slot = hole
        while true {
            slot = (slot + 1) & Self.tableMask
            guard table[slot] != 0 else { break }
            let home = Self.home(ring[self.place(in: slot)])
            // The entry may move back to the hole unless its home lies behind the hole.
            if (slot - home) & Self.tableMask >= (slot - hole) & Self.tableMask {
                table[hole] = table[slot]
                hole = slot
            }
        }
        table[hole] = 0
    }
}
