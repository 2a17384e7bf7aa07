import FieldProtocols

/// What has been received in order from each side of a board, and what is to be told of it (reference, section 1.7).
///
/// The binary generation sends a frame again until it is acknowledged by "everything up to here has arrived". A count that
/// waited for a frame which never comes would never move again, so after a while it goes on behind the hole.
struct ReceiptLedger {
    private struct Side {
        var source: MDPEndpoint
        /// Everything up to here has arrived.
        var complete: UInt32
        /// Arrived beyond a hole, ascending.
        var beyond: [UInt32] = []
        var holeSince: Int64?

        func isKnown(_ seq: UInt32) -> Bool {
            seq <= complete && complete - seq <= ReceiptLedger.fallMax || beyond.contains(seq)
        }
    }

    /// A board sends a frame again up to eight times, 120 ms apart.
    static let holeWaitMilliseconds: Int64 = 1_500
    /// A number this much below the count belongs to a new boot.
    private static let fallMax: UInt32 = 64
    private static let beyondMax = 64
    private static let sideMax = 8

    private var sides: [Side] = []

    /// Takes note of a frame and gives the number to acknowledge once it is durable; nil for an answer that has been, or two
    /// boards would answer each other for ever.
    mutating func receipt(for seq: UInt32, of source: MDPEndpoint, isAnswer: Bool, now: Int64) -> UInt32? {
        let complete: UInt32
        if let index = sides.firstIndex(where: { $0.source == source }) {
            if isAnswer, sides[index].isKnown(seq) { return nil }
            Self.note(seq, in: &sides[index], now)
            complete = sides[index].complete
        } else {
            // Joining in the middle: what was before is not ours to wait for.
            if sides.count < Self.sideMax { sides.append(Side(source: source, complete: seq)) }
            complete = seq
        }
        return complete
    }

    private static func note(_ seq: UInt32, in side: inout Side, _ now: Int64) {
        if seq <= side.complete {
            if side.complete - seq > fallMax { side = Side(source: side.source, complete: seq) }
            return
        }
        if !side.beyond.contains(seq) {
            side.beyond.append(seq)
            side.beyond.sort()
        }
        let isOverdue = side.holeSince.map { now - $0 >= holeWaitMilliseconds } ?? false
        if isOverdue || side.beyond.count > beyondMax { side.complete = side.beyond.removeFirst() }
        while let next = side.beyond.first, next <= side.complete &+ 1 {
            side.complete = max(side.complete, next)
            side.beyond.removeFirst()
        }
        side.holeSince = side.beyond.isEmpty ? nil : isOverdue ? now : side.holeSince ?? now
    }
}
