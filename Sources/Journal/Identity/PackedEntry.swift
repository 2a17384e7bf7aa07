internal import GatewayModel

/// What is remembered of a device but its holes and its further records, in 44 bytes: there may be fifty thousand of them.
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

    /// Flags above the count of boots, which a board that starts every second fills in 8 years.
    private static let known: UInt32 = 1 << 31
    private static let numbered: UInt32 = 1 << 30
    private static let holed: UInt32 = 1 << 29
    private static let farther: UInt32 = 1 << 28
    private static let noUptime = UInt32.max

    init() {}

    init(_ entry: DeviceTable.Entry) {
        let progress = entry.progress
        boot = progress.boot & (Self.farther - 1)
        if entry.isKnown { boot |= Self.known }
        if progress.hasNumbers { boot |= Self.numbered }
        if !progress.holes.isEmpty { boot |= Self.holed }
        if !entry.latest.further.isEmpty { boot |= Self.farther }
        assigned = progress.assigned
        low = progress.low
        high = progress.high
        uptimeAtFirst = progress.uptimeAtFirst ?? Self.noUptime
        uptime = progress.uptime ?? Self.noUptime
        let near = entry.latest.near
        let order = (0..<LatestRecords.nearCount).sorted { near[$0].seq > near[$1].seq }
        let newest = UInt64(clamping: near[order[0]].seq)
        newestLow = UInt32(truncatingIfNeeded: newest)
        newestHigh = UInt16(truncatingIfNeeded: newest >> 32)
        for (place, index) in order.enumerated() {
            layouts[place] = near[index].layout
            guard place > 0, near[index].seq > 0 else { continue }
            // A record so far behind is not worth looking for.
            backs[place - 1] = UInt32(exactly: Int64(newest) - near[index].seq) ?? 0
        }
    }

    var isKnown: Bool { boot & Self.known != 0 }
    var hasHoles: Bool { boot & Self.holed != 0 }
    var hasFurther: Bool { boot & Self.farther != 0 }

    /// The entry with what is kept elsewhere.
    func entry(holes: [DeviceProgress.Hole], further: [LatestRecords.Place]) -> DeviceTable.Entry {
        var entry = DeviceTable.Entry(isKnown: isKnown)
        entry.progress.boot = boot & (Self.farther - 1)
        entry.progress.assigned = assigned
        entry.progress.hasNumbers = boot & Self.numbered != 0
        entry.progress.low = low
        entry.progress.high = high
        entry.progress.uptimeAtFirst = uptimeAtFirst == Self.noUptime ? nil : uptimeAtFirst
        entry.progress.uptime = uptime == Self.noUptime ? nil : uptime
        entry.progress.holes = holes
        let newest = Int64(newestHigh) << 32 | Int64(newestLow)
        var near: InlineArray<3, LatestRecords.Place> = .init(repeating: .init(seq: 0, layout: 0))
        near[0] = LatestRecords.Place(seq: newest, layout: layouts[0])
        for place in 0..<2 where backs[place] > 0 {
            near[place + 1] = LatestRecords.Place(seq: newest - Int64(backs[place]), layout: layouts[place + 1])
        }
        entry.latest = LatestRecords(near: near, further: further)
        return entry
    }
}
