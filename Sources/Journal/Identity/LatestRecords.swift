internal import GatewayModel

/// The newest records of a device, one for each set of metrics it sends: where its latest values are found.
struct LatestRecords: Equatable {
    /// A record and its layout.
    struct Place: Equatable {
        var seq: Int64
        var layout: UInt16
    }

    static let nearCount = 3
    static let furtherCountMax = 61

    /// Those of most devices; a number of 0 stands for none.
    private(set) var near: InlineArray<3, Place>
    /// Those of devices that send each value in a message of its own.
    private(set) var further: [Place]

    init(
        near: InlineArray<3, Place> = .init(repeating: Place(seq: 0, layout: 0)), further: [Place] = []
    ) {
        self.near = near
        self.further = further
    }

    /// - Parameter layout: of the record's metrics, as this process names them, never stored: those of an earlier process
    ///   do not match and age out.
    mutating func note(_ seq: Int64, layout: UInt16) {
        var oldest = 0
        for index in 0..<Self.nearCount {
            if near[index].seq != 0, near[index].layout == layout {
                oldest = index
                break
            }
            if near[index].seq < near[oldest].seq { oldest = index }
        }
        let given = near[oldest]
        near[oldest] = Place(seq: seq, layout: layout)
        guard given.seq != 0, given.layout != layout else { return }
        if let index = further.firstIndex(where: { $0.layout == layout }) {
            further[index] = given
        } else if further.count < Self.furtherCountMax {
            further.append(given)
        } else if let index = further.indices.min(by: { further[$0].seq < further[$1].seq }) {
            further[index] = given
        }
    }

    /// Their numbers, in no order.
    var seqs: [Int64] { (0..<Self.nearCount).map { near[$0].seq }.filter { $0 > 0 } + further.map(\.seq) }

    /// Nil if there is none.
    var newest: Int64? { (0..<Self.nearCount).map { near[$0].seq }.max().flatMap { $0 > 0 ? $0 : nil } }

    static func == (lhs: LatestRecords, rhs: LatestRecords) -> Bool {
        (0..<nearCount).allSatisfy { lhs.near[$0].seq == rhs.near[$0].seq } && lhs.further == rhs.further
    }
}

/// Tells sets of metrics apart: those of one metric always, others nearly always.
struct MetricLayout {
    /// Below are those that stand for sets of an earlier process.
    static let first: UInt16 = 256

    private var count = 0
    private var single: UInt32 = 0
    private var hash: UInt32 = 0x811C_9DC5

    mutating func add(_ metric: MetricName) {
        count += 1
        single = metric.index
        hash = (hash ^ metric.index) &* 0x0100_0193
    }

    var number: UInt16 {
        if count == 1, single < 0x8000 - UInt32(Self.first) { return Self.first + UInt16(single) }
        return UInt16(truncatingIfNeeded: hash ^ hash >> 16) | 0x8000
    }
}
