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
    ///   - consumer: who reads and will acknowledge what it is given: should that be evicted before, it is not lost.
    ///   - gap: gets each gap, between the records where it belongs.
    ///   - body: gets each record; its storage is reused for the next one. False ends reading after it.
    /// - Returns: where to read on, and whether there is more now.
    @discardableResult
    public func visit(
        _ stream: StreamName, after: SequenceNumber, limit: Int, for consumer: String? = nil,
        gap: (StreamGap) -> Void = { _ in }, _ body: (borrowing StoredRecord) -> Bool
    ) throws(JournalError) -> (next: SequenceNumber, more: Bool) {
        let log = state.log(stream)
        let end = log.last
        guard after.rawValue <= end else { throw .beyondEnd(last: SequenceNumber(end)) }
        let key = consumer.map { CursorTable.Key(consumer: $0, stream: stream) }
        var walk = StreamWalk(log, state, for: key, after: max(0, after.rawValue), end: end, limit: limit)
        var told: [ClosedRange<Int64>] = []
        do throws(SQLiteError) {
            try walk.run(
                { found in
                    if key != nil { told.append(found.from.rawValue...found.to.rawValue) }
                    gap(found)
                }, body)
            for range in told {
                guard let lost = try state.ledger.forfeit(range, of: stream) else { continue }
                state.owe(.recordsLost(stream, lost, state.clock.now()))
            }
        } catch { throw JournalError(error) }
        return (SequenceNumber(walk.position), walk.position < end)
    }
}

/// One reader's way along a stream, from segment to segment.
struct StreamWalk {
    /// Everything up to here has been given, or told as a gap.
    private(set) var position: Int64
    private let log: StreamLog
    private let state: JournalState
    private let reader: CursorTable.Key?
    private let end: Int64
    private var left: Int
    private var goOn = true
    /// First numbers of the segments that were repaired on the way.
    private var repaired: Set<Int64> = []

    /// `reader` will acknowledge what it is given; nil: nobody will.
    init(
        _ log: StreamLog, _ state: JournalState, for reader: CursorTable.Key? = nil, after: Int64, end: Int64,
        limit: Int
    ) {
        self.log = log
        self.state = state
        self.reader = reader
        self.end = end
        position = after
        left = limit
    }

    mutating func run(_ gap: (StreamGap) -> Void, _ body: (borrowing StoredRecord) -> Bool) throws(SQLiteError) {
        while goOn, left > 0, position < end {
            guard let (segment, following) = nextSegment() else {
                tell(gap, through: end)
                return
            }
            if segment.file.first > position + 1 {
                // The segment that held the next number is gone.
                tell(gap, through: segment.file.first - 1)
                continue
            }
            let bound = min(end, following.map { $0 - 1 } ?? end)
            do throws(SQLiteError) {
                try read(segment, through: bound, isNewest: following == nil, gap, body)
            } catch {
                // Evicted between finding and opening it: what stands there now says how to go on.
                if error.code == .cannotOpen, log.segment(holding: position + 1)?.segment.file != segment.file {
                    continue
                }
                guard error.code == .corrupt else { throw error }
                guard let following else {
                    log.suspect(segment.file, reason: error.message)
                    throw error
                }
                if repaired.insert(segment.file.first).inserted {
                    try state.repairs.repair(segment, log, following: following, reason: error.message, state)
                    continue
                }
                try state.ledger.enter(damaged: position + 1...bound, log.stream, at: state.clock.now().wall)
            }
            guard goOn, left > 0 else { return }
            tell(gap, through: bound)
        }
    }

    /// The segment to read from; what is about to be read of it is in the reader's hands.
    private func nextSegment() -> (segment: StreamLog.Segment, following: Int64?)? {
        guard let reader else { return log.segment(holding: position + 1) }
        return state.cursors.choosing {
            guard let found = log.segment(holding: position + 1) else { return nil }
            let bound = min(end, found.following.map { $0 - 1 } ?? end)
            if found.segment.file.first <= position + 1 {
                state.cursors.hand(reader, upTo: min(bound, position + Int64(min(left, 1 << 32))))
            }
            return found
        }
    }

    private mutating func read(
        _ segment: StreamLog.Segment, through bound: Int64, isNewest: Bool, _ gap: (StreamGap) -> Void,
        _ body: (borrowing StoredRecord) -> Bool
    ) throws(SQLiteError) {
        var reached = position
        var stopped = false
        var missing: ClosedRange<Int64>?
        // Also when reading breaks off: what has been given is given.
        defer { position = max(position, reached) }
        let count = try state.pool.withReader(of: segment, log.stream) { reader throws(SQLiteError) in
            var record = reader.blankRecord()
            let result = try reader.read(after: position, limit: left, into: &record) { seq in
                guard seq > reached, seq <= bound else { return }
                tell(gap, after: reached, through: seq - 1)
                gap(StreamGap(from: SequenceNumber(seq), to: SequenceNumber(seq), count: 1, reason: "damaged"))
                reached = seq
            } _: { record in
                let seq = record.seq.rawValue
                // A number out of order or out of bounds is damage too.
                guard seq > reached, seq <= bound else { return seq <= bound }
                if seq > reached + 1 {
                    missing = isNewest ? nil : unexplained(after: reached, through: seq - 1)
                    guard missing == nil else { return false }
                    tell(gap, after: reached, through: seq - 1)
                }
                reached = seq
                stopped = !body(record)
                return !stopped
            }
            return result.count
        }
        left -= missing == nil ? count : count - 1
        goOn = !stopped
        if missing == nil, goOn, left > 0, !isNewest { missing = unexplained(after: reached, through: bound) }
        guard let missing else { return }
        throw SQLiteError(.corrupt, message: "records \(missing.lowerBound) to \(missing.upperBound) are not there")
    }

    /// Records that the segment should have and that went without an entry in the ledger: pages that nothing leads to any
    /// more, or the file of the next segment was removed.
    private func unexplained(after: Int64, through end: Int64) -> ClosedRange<Int64>? {
        state.ledger.unexplained(log.stream, after: after, through: end).first
    }

    /// Passes over numbers that hold nothing any more, telling why.
    private mutating func tell(_ gap: (StreamGap) -> Void, through end: Int64) {
        guard end > position else { return }
        tell(gap, after: position, through: end)
        position = end
    }

    /// Numbers follow each other without holes, so what the ledger does not explain has been damaged.
    private func tell(_ gap: (StreamGap) -> Void, after: Int64, through end: Int64) {
        var told = after
        for found in state.ledger.gaps(in: log.stream, after: after, through: end) + [nil] {
            let from = found?.from.rawValue ?? end + 1
            if from > told + 1 {
                gap(
                    StreamGap(
                        from: SequenceNumber(told + 1), to: SequenceNumber(from - 1), count: from - 1 - told,
                        reason: "damaged"))
            }
            if let found {
                gap(found)
                told = max(told, found.to.rawValue)
            }
        }
    }
}
