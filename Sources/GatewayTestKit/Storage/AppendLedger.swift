internal import GatewayModel
internal import Journal

/// What was offered to a journal and what it answered, kept outside of it; and what is wrong with what it holds.
struct AppendLedger {
    /// Messages by number, with the sequence the journal acknowledged them under.
    private(set) var acknowledged: [Int: Int64] = [:]
    private(set) var acknowledgedNotes: Set<Int> = []
    private(set) var offered: Set<Int> = []
    /// The batch that has no answer yet.
    private var open: TrialBatch?
    private(set) var nextRound = 0
    /// Rounds offered again after a cut: their notes, which have no identity, may be there twice.
    private var repeated: Set<Int> = []
    /// The last cursor position that was confirmed, and the last that was asked for.
    private(set) var cursor: Int64 = 0
    private var cursorMax: Int64 = 0
    private(set) var violations: [String] = []

    mutating func offer(_ batch: TrialBatch) {
        open = batch
        nextRound = batch.round + 1
        offered.formUnion(batch.messages)
    }

    /// What had no answer when the power went.
    mutating func takeUp() -> TrialBatch? {
        if let open { repeated.insert(open.round) }
        return open
    }

    mutating func acknowledge(_ batch: TrialBatch, _ receipt: AppendReceipt) {
        open = nil
        acknowledgedNotes.insert(batch.round)
        guard receipt.outcomes.count == batch.messages.count else {
            return complain("\(receipt.outcomes.count) outcomes for \(batch.messages.count) messages")
        }
        for (number, outcome) in zip(batch.messages, receipt.outcomes) {
            // A duplicate is acknowledged again; where it is, is what checking finds out.
            if case .stored(let seq) = outcome { acknowledged[number] = seq.rawValue } else { acknowledged[number] = 0 }
        }
    }

    mutating func offer(cursor: Int64) { cursorMax = max(cursorMax, cursor) }

    mutating func confirm(cursor: Int64) { self.cursor = cursor }

    mutating func complain(_ sentence: String) { violations.append(sentence) }

    /// Compares with what the journal gives out.
    ///
    /// - Parameter lostCursors: whether the power has been cut, so that cursors may have gone back.
    mutating func check(_ journal: Journal, lostCursors: Bool) throws {
        let (records, gaps) = try JournalFolder.everything(in: .readings, of: journal)
        for gap in gaps where gap.reason != "evicted" { complain("gap \(gap.from)…\(gap.to): \(gap.reason)") }
        var seqs: [Int: Int64] = [:]
        for record in records {
            guard let number = TrialBatch.number(of: record) else {
                complain("record \(record.seq) is none of ours")
                continue
            }
            if !offered.contains(number) { complain("message \(number) was never offered") }
            if let other = seqs.updateValue(record.seq.rawValue, forKey: number) {
                complain("message \(number) is there twice, as \(other) and \(record.seq)")
            }
        }
        checkAcknowledged(seqs, gaps.map { $0.from.rawValue...$0.to.rawValue })
        try checkNotes(journal)
        let position = journal.cursor("mas", .readings).rawValue
        if lostCursors ? position > cursorMax : position != cursor {
            complain("the cursor was confirmed at \(cursor), is at \(position)")
        }
    }

    private mutating func checkAcknowledged(_ seqs: [Int: Int64], _ evicted: [ClosedRange<Int64>]) {
        for (number, seq) in acknowledged.sorted(by: { $0.key < $1.key }) {
            if let found = seqs[number] {
                if seq > 0, found != seq { complain("message \(number) was acknowledged as \(seq), is \(found)") }
            } else if seq > 0 ? !evicted.contains(where: { $0.contains(seq) }) : evicted.isEmpty {
                complain("message \(number) was acknowledged as \(seq) and is not there")
            }
        }
    }

    private mutating func checkNotes(_ journal: Journal) throws {
        for stream in TrialBatch.noteStreams { try checkNotes(stream, journal) }
        for event in try JournalFolder.everything(in: .events, of: journal).records {
            complain("an event that nothing calls for: \(event.kind ?? "") \(event.body ?? "")")
        }
    }

    private mutating func checkNotes(_ stream: StreamName, _ journal: Journal) throws {
        var rounds: Set<Int> = []
        let (records, gaps) = try JournalFolder.everything(in: stream, of: journal)
        for gap in gaps where gap.reason != "evicted" { complain("gap in \(stream.rawValue): \(gap.reason)") }
        // The journal's own entries tell what it has evicted.
        for record in records where record.kind != "records_evicted" {
            guard let round = record.body.flatMap({ Int($0.dropFirst(#"{"round":"#.utf8.count).dropLast()) }) else {
                complain("record \(record.seq) of \(stream.rawValue) is none of ours")
                continue
            }
            if !rounds.insert(round).inserted, !repeated.contains(round) {
                complain("the note of round \(round) is in \(stream.rawValue) twice")
            }
        }
        // Evicted are the oldest, as many as the gaps say.
        let evicted = gaps.reduce(0) { $0 + Int($1.count) }
        for round in acknowledgedNotes.subtracting(rounds).sorted().dropFirst(evicted) {
            complain("the note of round \(round) was acknowledged and is not in \(stream.rawValue)")
        }
    }
}
