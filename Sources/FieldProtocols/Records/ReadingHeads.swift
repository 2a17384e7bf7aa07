internal import GatewayModel

/// What stands before the values of readings in envelopes, rendered once for each metric: a site has few of them, and every
/// record several. Only for what is usual: quality `ok`, and the unit that the metric was first seen with.
struct ReadingHeads: Sendable {
    fileprivate struct Head {
        var unit = Unit.none
        var place = 0..<0
    }

    /// All of them one after the other.
    private var text: [UInt8] = []
    /// By metric; with an empty place if the metric has not been seen.
    private var heads: [Head] = []

    /// Has `render` append the heads of metrics that have not been seen.
    mutating func prepare(_ readings: [Reading], _ render: (Reading, inout [UInt8]) -> Void) {
        for reading in readings where reading.quality == .ok {
            let index = Int(reading.metric.index)
            if index < heads.count, !heads[index].place.isEmpty { continue }
            while heads.count <= index { heads.append(Head()) }
            let start = text.count
            render(reading, &text)
            heads[index] = Head(unit: reading.unit, place: start..<text.count)
        }
    }

    /// Lends all heads at once, so that no reference is counted for a reading.
    func withHeads(_ body: (Lent) -> Void) {
        text.withUnsafeBufferPointer { text in
            heads.withUnsafeBufferPointer { body(Lent(text: text, heads: $0)) }
        }
    }

    /// The heads, while they are lent.
    struct Lent {
        fileprivate let text: UnsafeBufferPointer<UInt8>
        fileprivate let heads: UnsafeBufferPointer<Head>

        /// Nil for a reading that is not as usual.
        subscript(reading: Reading) -> UnsafeBufferPointer<UInt8>? {
            let index = Int(reading.metric.index)
            guard index < heads.count, reading.quality == .ok, heads[index].unit == reading.unit,
                !heads[index].place.isEmpty
            else { return nil }
            return UnsafeBufferPointer(rebasing: text[heads[index].place])
        }
    }
}
