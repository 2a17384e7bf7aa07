public import GatewayModel
internal import SQLite

extension Journal {
    /// The records after `after`, at most `limit` (1 to 10,000), with the gaps among them.
    ///
    /// - Parameter epoch: the numbering `after` belongs to; nil for the current one.
    /// - Throws: `epochChanged` for another epoch, `beyondEnd` if `after` has not been given out.
    public func read(
        _ stream: StreamName, after: SequenceNumber, limit: Int, epoch: String? = nil
    ) throws(JournalError) -> JournalPage {
        if let epoch, epoch != self.epoch {
            throw .epochChanged(current: self.epoch, first: status(of: stream).firstSeq)
        }
        var page = JournalPage(epoch: self.epoch, records: [], gaps: [], next: after, more: false)
        let end = try visit(stream, after: after, limit: min(max(limit, 1), 10_000)) { gap in
            page.gaps.append(gap)
        } _: { record in
            page.records.append(copy record)
            return true
        }
        page.next = end.next
        page.more = end.more
        return page
    }

    /// As `read`, without building arrays.
    ///
    /// - Parameters:
    ///   - gap: gets each gap, between the records where it belongs.
    ///   - body: gets each record; its storage is reused for the next one. False ends reading after it.
    /// - Returns: where to read on, and whether there is more now.
    @discardableResult
    public func visit(
        _ stream: StreamName, after: SequenceNumber, limit: Int, gap: (StreamGap) -> Void = { _ in },
        _ body: (borrowing StoredRecord) -> Bool
    ) throws(JournalError) -> (next: SequenceNumber, more: Bool) {
        let log = state.log(stream)
        let end = log.last
        guard after.rawValue <= end else { throw .beyondEnd(last: SequenceNumber(end)) }
        var walk = StreamWalk(log, state, after: max(0, after.rawValue), end: end, limit: limit)
        do throws(SQLiteError) { try walk.run(gap, body) } catch { throw JournalError(error) }
        return (SequenceNumber(walk.position), walk.position < end)
    }
}

/// One reader's way along a stream, from segment to segment.
struct StreamWalk {
    /// Everything up to here has been given, or told as a gap.
    private(set) var position: Int64
    private let log: StreamLog
    private let state: JournalState
    private let end: Int64
    private var left: Int
    private var goOn = true

    init(_ log: StreamLog, _ state: JournalState, after: Int64, end: Int64, limit: Int) {
        self.log = log
        self.state = state
        self.end = end
        position = after
        left = limit
    }

    mutating func run(_ gap: (StreamGap) -> Void, _ body: (borrowing StoredRecord) -> Bool) throws(SQLiteError) {
        while goOn, left > 0, position < end {
            guard let (segment, following) = log.segment(holding: position + 1) else {
                tell(gap, through: end)
                return
            }
            if segment.file.first > position + 1 {
                // The segment that held the next number is gone.
                tell(gap, through: segment.file.first - 1)
                continue
            }
            do throws(SQLiteError) { try read(segment, gap, body) } catch {
                // Evicted between finding and opening it: what stands there now says how to go on.
                if error.code == .cannotOpen, log.segment(holding: position + 1)?.segment.file != segment.file {
                    continue
                }
                throw error
            }
            guard goOn, left > 0 else { return }
            tell(gap, through: min(end, following.map { $0 - 1 } ?? end))
        }
    }

    private mutating func read(
        _ segment: StreamLog.Segment, _ gap: (StreamGap) -> Void, _ body: (borrowing StoredRecord) -> Bool
    ) throws(SQLiteError) {
        var reached = position
        var stopped = false
        let count = try state.pool.withReader(of: segment, log.stream) { reader throws(SQLiteError) in
            var record = reader.blankRecord()
            let result = try reader.read(after: position, limit: left, into: &record) { seq in
                gap(StreamGap(from: SequenceNumber(seq), to: SequenceNumber(seq), count: 1, reason: "damaged"))
                reached = seq
            } _: { record in
                reached = record.seq.rawValue
                guard reached <= end else { return true }
                stopped = !body(record)
                return !stopped
            }
            return result.count
        }
        left -= count
        position = min(reached, end)
        goOn = !stopped
    }

    /// Passes over numbers that hold nothing any more, telling why.
    private mutating func tell(_ gap: (StreamGap) -> Void, through end: Int64) {
        guard end > position else { return }
        for found in state.ledger.gaps(in: log.stream, after: position, through: end) { gap(found) }
        position = end
    }
}
