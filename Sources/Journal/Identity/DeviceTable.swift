internal import GatewayModel

/// What is remembered of every device, and taken back when a transaction fails.
struct DeviceTable: Sendable {
    struct Entry: Equatable {
        var progress = DeviceProgress()
        var latest = LatestRecords()
        var isKnown = false
    }

    private(set) var entries: [Entry] = []
    /// What the entries touched by the open transaction were before it.
    private var before: [(index: Int, entry: Entry)] = []
    private var touchedIn: [UInt32] = []
    private var transaction: UInt32 = 0

    subscript(device: DeviceName) -> Entry {
        Int(device.index) < entries.count ? entries[Int(device.index)] : Entry()
    }

    mutating func begin() {
        transaction &+= 1
        before.removeAll(keepingCapacity: true)
    }

    mutating func rollBack() {
        for (index, entry) in before { entries[index] = entry }
        before.removeAll(keepingCapacity: true)
    }

    mutating func update(_ device: DeviceName, _ change: (inout Entry) -> Void) {
        let index = Int(device.index)
        if index >= entries.count {
            let more = max(64, index + 1 - entries.count)
            entries.append(contentsOf: repeatElement(Entry(), count: more))
            touchedIn.append(contentsOf: repeatElement(transaction &- 1, count: more))
        }
        if touchedIn[index] != transaction {
            touchedIn[index] = transaction
            before.append((index, entries[index]))
        }
        entries[index].isKnown = true
        change(&entries[index])
    }

    var knownCount: Int { entries.reduce(0) { $0 + ($1.isKnown ? 1 : 0) } }
}

/// The newest records of a device, one for each set of metrics it sends: where its latest values are found.
struct LatestRecords: Equatable {
    static let countMax = 3

    private(set) var seqs: InlineArray<3, Int64> = [0, 0, 0]
    private var layouts: InlineArray<3, UInt32> = [0, 0, 0]

    /// - Parameter layout: a hash of the metrics, never stored: those of an earlier process do not match and age out.
    mutating func note(_ seq: Int64, layout: UInt32) {
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

    static func == (lhs: LatestRecords, rhs: LatestRecords) -> Bool {
        (0..<countMax).allSatisfy { lhs.seqs[$0] == rhs.seqs[$0] }
    }
}
