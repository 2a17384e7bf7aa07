internal import GatewayModel

/// What is remembered of a device but its holes, in 44 bytes: there may be fifty thousand of them.
struct PackedEntry {
    private var boot: UInt32 = 0
    private var assigned: UInt32 = 0
    private var low: UInt32 = 0
    private var high: UInt32 = 0
    private var uptimeAtFirst = Self.noUptime
    private var uptime = Self.noUptime
    /// The newest record in 48 bits, and how far the other two lie before it; 0 for none.
    private var newestLow: UInt32 = 0
    private var backs: InlineArray<2, UInt32> = [0, 0]
    private var newestHigh: UInt16 = 0
    private var layouts: InlineArray<3, UInt16> = [0, 0, 0]

    /// Flags above the count of boots, which a board that starts every second fills in 17 years.
    private static let known: UInt32 = 1 << 31
    private static let numbered: UInt32 = 1 << 30
    private static let holed: UInt32 = 1 << 29
    private static let noUptime = UInt32.max

    init() {}

    init(_ entry: DeviceTable.Entry) {
        let progress = entry.progress
        boot = progress.boot & (Self.holed - 1)
        if entry.isKnown { boot |= Self.known }
        if progress.hasNumbers { boot |= Self.numbered }
        if !progress.holes.isEmpty { boot |= Self.holed }
        assigned = progress.assigned
        low = progress.low
        high = progress.high
        uptimeAtFirst = progress.uptimeAtFirst ?? Self.noUptime
        uptime = progress.uptime ?? Self.noUptime
        let order = (0..<LatestRecords.countMax).sorted { entry.latest.seqs[$0] > entry.latest.seqs[$1] }
        let newest = UInt64(clamping: entry.latest.seqs[order[0]])
        newestLow = UInt32(truncatingIfNeeded: newest)
        newestHigh = UInt16(truncatingIfNeeded: newest >> 32)
        for (place, index) in order.enumerated() {
            layouts[place] = entry.latest.layouts[index]
            guard place > 0, entry.latest.seqs[index] > 0 else { continue }
            // A record so far behind is not worth looking for.
            backs[place - 1] = UInt32(exactly: Int64(newest) - entry.latest.seqs[index]) ?? 0
        }
    }

    var isKnown: Bool { boot & Self.known != 0 }
    var hasHoles: Bool { boot & Self.holed != 0 }

    /// The entry with the holes that are kept elsewhere.
    func entry(holes: [DeviceProgress.Hole]) -> DeviceTable.Entry {
        var entry = DeviceTable.Entry(isKnown: isKnown)
        entry.progress.boot = boot & (Self.holed - 1)
        entry.progress.assigned = assigned
        entry.progress.hasNumbers = boot & Self.numbered != 0
        entry.progress.low = low
        entry.progress.high = high
        entry.progress.uptimeAtFirst = uptimeAtFirst == Self.noUptime ? nil : uptimeAtFirst
        entry.progress.uptime = uptime == Self.noUptime ? nil : uptime
        entry.progress.holes = holes
        let newest = Int64(newestHigh) << 32 | Int64(newestLow)
        var seqs: InlineArray<3, Int64> = [newest, 0, 0]
        for place in 0..<2 where backs[place] > 0 { seqs[place + 1] = newest - Int64(backs[place]) }
        entry.latest = LatestRecords(seqs: seqs, layouts: layouts)
        return entry
    }
}
