/// The identity hashes of the last 131,072 messages, oldest out first: 2 MiB, whatever is sent.
struct IdentityRing {
    static let countMax = 1 << 17

    private var ring: [UInt64] = Array(repeating: 0, count: countMax)
    /// Open addressing with linear probing: places in the ring, plus one; 0 is free.
    private var table: [UInt32] = Array(repeating: 0, count: countMax * 2)
    /// Messages ever added.
    private(set) var count = 0

    private static let ringMask = countMax - 1
    private static let tableMask = countMax * 2 - 1

    func contains(_ hash: UInt64) -> Bool {
        var slot = Int(truncatingIfNeeded: hash) & Self.tableMask
        while table[slot] != 0 {
            if ring[Int(table[slot]) - 1] == hash { return true }
            slot = (slot + 1) & Self.tableMask
        }
        return false
    }

    /// Adds the newest message; the oldest is forgotten when the ring is full.
    mutating func append(_ hash: UInt64) {
        let place = count & Self.ringMask
        if count >= Self.countMax { removeFromTable(place) }
        ring[place] = hash
        var slot = Int(truncatingIfNeeded: hash) & Self.tableMask
        while table[slot] != 0 { slot = (slot + 1) & Self.tableMask }
        table[slot] = UInt32(place + 1)
        count += 1
    }

    /// Where a hash stands among the messages of `range`, which counts them from the first ever added; at most `limit`.
    func places(of hash: UInt64, in range: Range<Int>, limit: Int) -> [Int] {
        var places: [Int] = []
        for place in range.clamped(to: max(0, count - Self.countMax)..<count)
        where ring[place & Self.ringMask] == hash {
            places.append(place)
            if places.count == limit { break }
        }
        return places
    }

    /// The newest hashes, at most `limit`, newest first.
    func newest(_ limit: Int, _ body: (UInt64) -> Void) {
        for back in 0..<max(0, min(limit, count, Self.countMax)) { body(ring[(count - 1 - back) & Self.ringMask]) }
    }

    /// Closes the hole behind a removed entry, so that probing never needs tombstones.
    private mutating func removeFromTable(_ place: Int) {
        let wanted = UInt32(place + 1)
        var hole = Int(truncatingIfNeeded: ring[place]) & Self.tableMask
        while table[hole] != wanted { hole = (hole + 1) & Self.tableMask }
        var slot = hole
        while true {
            slot = (slot + 1) & Self.tableMask
            guard table[slot] != 0 else { break }
            let home = Int(truncatingIfNeeded: ring[Int(table[slot]) - 1]) & Self.tableMask
            // The entry may move back to the hole unless its home lies behind the hole.
            if (slot - home) & Self.tableMask >= (slot - hole) & Self.tableMask {
                table[hole] = table[slot]
                hole = slot
            }
        }
        table[hole] = 0
    }
}
