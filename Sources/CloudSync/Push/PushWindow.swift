internal import GatewayModel

/// The stretch of a stream between the cursor and what has been read, in order. A slot names a place in it for ever.
package struct PushWindow {
    private struct Entry {
        var seq: SequenceNumber
        var byteCount: Int32
        var lane: Int32
        var isFinished: Bool
        /// The next record of the same lane, or `none`.
        var following: UInt64
    }

    static let none = UInt64.max
    /// Above the bits that count records, a slot carries the number of its stream.
    private static let streamShift: UInt64 = 56

    private var entries: [Entry] = []
    private var head = 0
    private var headSlot: UInt64
    /// Entries that are not finished, and their bytes.
    private(set) var heldCount = 0
    private(set) var heldBytes = 0

    init(stream: Int = 0) { headSlot = UInt64(stream) << Self.streamShift }

    /// The stream that a slot belongs to.
    package static func stream(of slot: UInt64) -> Int { Int(slot >> streamShift) }

    /// The slot that the next entry will get.
    var nextSlot: UInt64 { headSlot + UInt64(span) }
    /// Entries, finished or not.
    var span: Int { entries.count - head }

    mutating func append(_ seq: SequenceNumber, lane: Int, byteCount: Int = 0) -> UInt64 {
        let slot = nextSlot
        entries.append(
            Entry(
                seq: seq, byteCount: Int32(clamping: byteCount), lane: Int32(lane), isFinished: false,
                following: Self.none))
        heldCount += 1
        heldBytes += byteCount
        return slot
    }

    /// A stretch without records that ends at `seq`: lost, and nothing to deliver.
    mutating func appendGap(to seq: SequenceNumber) {
        entries.append(Entry(seq: seq, byteCount: 0, lane: -1, isFinished: true, following: Self.none))
    }

    mutating func finish(_ slot: UInt64) {
        guard let index = index(slot), !entries[index].isFinished else { return }
        entries[index].isFinished = true
        heldCount -= 1
        heldBytes -= Int(entries[index].byteCount)
    }

    mutating func link(_ slot: UInt64, to following: UInt64) {
        if let index = index(slot) { entries[index].following = following }
    }

    func seq(_ slot: UInt64) -> SequenceNumber? { index(slot).map { entries[$0].seq } }
    func isHeld(_ slot: UInt64) -> Bool { index(slot).map { !entries[$0].isFinished } ?? false }
    func byteCount(_ slot: UInt64) -> Int { index(slot).map { Int(entries[$0].byteCount) } ?? 0 }
    func lane(_ slot: UInt64) -> Int? { index(slot).map { Int(entries[$0].lane) } }
    func following(_ slot: UInt64) -> UInt64 { index(slot).map { entries[$0].following } ?? Self.none }

    /// Drops the finished entries at the front; the sequence of the last one dropped, nil if there is none.
    mutating func advance() -> SequenceNumber? {
        var reached: SequenceNumber?
        while head < entries.count, entries[head].isFinished {
            reached = entries[head].seq
            head += 1
            headSlot += 1
        }
        if head == entries.count {
            entries.removeAll(keepingCapacity: entries.capacity <= 4_096)
            head = 0
        } else if head > 1_024, head > entries.count / 2 {
            entries.removeFirst(head)
            head = 0
        }
        return reached
    }

    private func index(_ slot: UInt64) -> Int? {
        guard slot >= headSlot, slot < nextSlot else { return nil }
        return head + Int(slot - headSlot)
    }
}
