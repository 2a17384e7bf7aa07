import FieldProtocols

/// What has been received in order from each side of a board, and the frames that say so (reference, section 1.7).
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
    /// Four bytes without a zero would make the first code byte of a frame 10, which is a line feed.
    private static let seqMask: UInt32 = 0xFF_FFFF

    private var sides: [Side] = []
    private var nextSeq: UInt32

    init(firstSeq: UInt32) { nextSeq = firstSeq & Self.seqMask }

    /// Takes note of a frame and gives the acknowledgement to send once it is durable; nil for an answer that has had
    /// one, or two boards would answer each other for ever.
    mutating func receipt(for seq: UInt32, of source: MDPEndpoint, isAnswer: Bool, now: Int64) -> [UInt8]? {
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
        return frame(acknowledging: complete, to: source)
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

    /// A header alone, flagged as nothing but an acknowledgement, so that it is not answered in turn.
    private mutating func frame(acknowledging seq: UInt32, to source: MDPEndpoint) -> [UInt8] {
        var wire: [UInt8] = []
        // Another own number moves the bytes that some boards take for the end of a typed line.
        for _ in 0..<32 {
            let header = MDPHeader(
                type: .ack, seq: nextSeq, ack: seq, flags: .isAck, source: .gateway, destination: source)
            nextSeq = (nextSeq &+ 1) & Self.seqMask
            wire = MDPEncoder.encode(header, payload: [])
            if !wire.contains(where: { $0 == 0x0A || $0 == 0x0D }) { break }
        }
        return wire
    }
}
