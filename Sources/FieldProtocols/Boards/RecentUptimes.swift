/// What the last messages of a count said of the board's uptime: tells one that was overtaken, or is sent again, from the
/// first ones of another boot.
struct RecentUptimes: Sendable {
    private struct Entry {
        var seq: UInt32
        var uptime: Int64
    }

    /// Ascending by both.
    private var entries: [Entry] = []
    private var boot = 0

    /// More than are ever under way: a board keeps at most eight to send them again.
    private static let countMax = 32

    /// Whether such a message belongs between those of this boot, or is one of them.
    func isEarlier(_ seq: UInt32, _ uptime: Int64?) -> Bool {
        guard let uptime, let last = entries.last, seq <= last.seq, uptime <= last.uptime else { return false }
        guard let after = entries.firstIndex(where: { $0.seq >= seq }) else { return false }
        if entries[after].seq == seq { return entries[after].uptime == uptime }
        guard after > 0 else { return false }
        return entries[after - 1].uptime <= uptime && uptime <= entries[after].uptime
    }

    mutating func note(_ seq: UInt32, _ uptime: Int64?, boot: Int) {
        if boot != self.boot { entries.removeAll(keepingCapacity: true) }
        self.boot = boot
        guard let uptime else { return }
        if let last = entries.last, seq <= last.seq { return }
        if entries.count == Self.countMax { entries.removeFirst() }
        entries.append(Entry(seq: seq, uptime: uptime))
    }
}
