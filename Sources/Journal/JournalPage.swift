public import GatewayModel

/// A stretch of a stream, as a consumer gets it.
public struct JournalPage: Sendable, Equatable {
    /// A record, or a stretch that is gone.
    public enum Entry: Sendable, Equatable {
        case record(StoredRecord)
        case gap(StreamGap)
    }

    /// The numbering that the page belongs to.
    public var epoch: String
    /// Ascending by sequence number.
    public var records: [StoredRecord]
    /// Ascending; they lie between, before or after the records.
    public var gaps: [StreamGap]
    /// Where to read on: everything up to here has been given or is told by a gap.
    public var next: SequenceNumber
    /// Whether there is more to read now.
    public var more: Bool

    public init(epoch: String, records: [StoredRecord], gaps: [StreamGap], next: SequenceNumber, more: Bool) {
        self.epoch = epoch
        self.records = records
        self.gaps = gaps
        self.next = next
        self.more = more
    }

    /// Records and gaps in the order of their sequence numbers.
    public var entries: [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(records.count + gaps.count)
        var gap = gaps.startIndex
        for record in records {
            while gap < gaps.endIndex, gaps[gap].from < record.seq {
                entries.append(.gap(gaps[gap]))
                gap += 1
            }
            entries.append(.record(record))
        }
        for rest in gaps[gap...] { entries.append(.gap(rest)) }
        return entries
    }
}
