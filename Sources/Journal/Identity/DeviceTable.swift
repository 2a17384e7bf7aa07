internal import GatewayModel

/// What is remembered of every device, and taken back when a transaction fails.
struct DeviceTable: Sendable {
    struct Entry: Equatable {
        var progress = DeviceProgress()
        var latest = LatestRecords()
        var isKnown = false
    }

    private var packed: [PackedEntry] = []
    private var holes = HolePool()
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

    /// What it takes beside the entries of an open transaction.
    var byteCount: Int {
        packed.capacity * MemoryLayout<PackedEntry>.stride + touched.capacity * MemoryLayout<UInt64>.stride
            + holes.byteCount
    }

    private func entry(_ index: Int) -> Entry {
        packed[index].entry(holes: packed[index].hasHoles ? holes.holes(of: UInt32(index)) : [])
    }

    private mutating func set(_ entry: Entry, at index: Int) {
        if packed[index].hasHoles || !entry.progress.holes.isEmpty {
            holes.set(entry.progress.holes, of: UInt32(index))
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

/// The newest records of a device, one for each set of metrics it sends: where its latest values are found.
struct LatestRecords: Equatable {
    static let countMax = 3

    private(set) var seqs: InlineArray<3, Int64> = [0, 0, 0]
    private(set) var layouts: InlineArray<3, UInt16> = [0, 0, 0]

    init() {}

    init(seqs: InlineArray<3, Int64>, layouts: InlineArray<3, UInt16>) {
        self.seqs = seqs
        self.layouts = layouts
    }

    /// - Parameter layout: a hash of the metrics, never stored: those of an earlier process do not match and age out.
    mutating func note(_ seq: Int64, layout: UInt16) {
        var place = 0
        for index in 0..<Self.countMax {
            if seqs[index] != 0, layouts[index] == layout {
                place = index
                break
            }
            if seqs[index] < seqs[place] { place = index }
        }
        seqs[place] = seq
        layouts[place] = layout
    }

    /// Nil if there is none.
    var newest: Int64? {
        let newest = (0..<Self.countMax).reduce(0) { max($0, seqs[$1]) }
        return newest > 0 ? newest : nil
    }

    static func == (lhs: LatestRecords, rhs: LatestRecords) -> Bool {
        (0..<countMax).allSatisfy { lhs.seqs[$0] == rhs.seqs[$0] }
    }
}
