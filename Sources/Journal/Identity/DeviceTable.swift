internal import GatewayModel

/// What is remembered of every device, and taken back when a transaction fails.
struct DeviceTable: Sendable {
    struct Entry: Equatable {
        var progress = DeviceProgress()
        var latest = LatestRecords()
        var isKnown = false
    }

    static let holeCountMax = 8_192

    private var packed: [PackedEntry] = []
    /// A hole that has to go makes a late message look repeated; then it is looked up on disk, and stored with a flag if it
    /// is not there.
    private var holes = DevicePool<DeviceProgress.Hole>(countMax: holeCountMax)
    /// Of one that has to go the latest value is not found until it comes again.
    private var further = DevicePool<LatestRecords.Place>(countMax: 4_096)
    /// What the entries touched by the open transaction were before it.
    private var before: [(index: Int, entry: Entry)] = []
    /// A bit for each entry touched by the open transaction.
    private var touched: [UInt64] = []

    subscript(device: DeviceName) -> Entry {
        Int(device.index) < packed.count ? entry(Int(device.index)) : Entry()
    }

    mutating func begin() {
        for (index, _) in before { touched[index >> 6] = 0 }
        before.removeAll(keepingCapacity: true)
    }

    mutating func rollBack() {
        for (index, entry) in before { set(entry, at: index) }
        begin()
    }

    mutating func update(_ device: DeviceName, _ change: (inout Entry) -> Void) {
        update(at: Int(device.index), change)
    }

    /// - Parameter index: a `DeviceName.index`.
    mutating func update(at index: Int, _ change: (inout Entry) -> Void) {
        makeRoom(for: index)
        var entry = entry(index)
        let bit = UInt64(1) << UInt64(index & 63)
        if touched[index >> 6] & bit == 0 {
            touched[index >> 6] |= bit
            before.append((index, entry))
        }
        entry.isKnown = true
        change(&entry)
        set(entry, at: index)
    }

    var knownCount: Int { packed.count(where: \.isKnown) }

    /// Calls `body` for each device that is known.
    func forEachKnown<E: Error>(_ body: (DeviceName, Entry) throws(E) -> Void) throws(E) {
        for index in packed.indices where packed[index].isKnown {
            guard let device = DeviceName(known: index) else { continue }
            try body(device, entry(index))
        }
    }

    /// What telling repetitions takes, beside the entries of an open transaction; further records take 64 KiB at most.
    var byteCount: Int {
        packed.capacity * MemoryLayout<PackedEntry>.stride + touched.capacity * MemoryLayout<UInt64>.stride
            + holes.byteCount
    }

    private func entry(_ index: Int) -> Entry {
        packed[index].entry(
            holes: packed[index].hasHoles ? holes.elements(of: UInt32(index)) : [],
            further: packed[index].hasFurther ? further.elements(of: UInt32(index)) : [])
    }

    private mutating func set(_ entry: Entry, at index: Int) {
        if packed[index].hasHoles || !entry.progress.holes.isEmpty {
            holes.set(entry.progress.holes, of: UInt32(index))
        }
        if packed[index].hasFurther || !entry.latest.further.isEmpty {
            further.set(entry.latest.further, of: UInt32(index))
        }
        packed[index] = PackedEntry(entry)
    }

    /// Grows in small steps: an array that doubles would be half empty.
    private mutating func makeRoom(for index: Int) {
        guard index >= packed.count else { return }
        let count = max(index + 1, min(DeviceName.countMax, packed.count + packed.count / 8 + 64))
        packed.reserveCapacity(count)
        packed.append(contentsOf: repeatElement(PackedEntry(), count: count - packed.count))
        touched.append(contentsOf: repeatElement(0, count: (count + 63) / 64 - touched.count))
    }
}
