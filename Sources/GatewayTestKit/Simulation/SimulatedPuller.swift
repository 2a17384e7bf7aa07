internal import GatewayModel
internal import Journal

/// A consumer far away that pulls a stream and keeps what it gets by identity.
struct SimulatedPuller {
    let name: String
    private var epoch: String?
    private var position = SequenceNumber.zero
    /// Content by identity.
    private(set) var records: [String: UInt64] = [:]
    /// Ranges that it was told are gone, by epoch.
    private(set) var gaps: [String: [ClosedRange<Int64>]] = [:]
    private var acknowledged = SequenceNumber.zero
    private var random: SeededRandom

    init(_ index: Int, seed: UInt64) {
        name = "puller-\(index)"
        random = SeededRandom(seed: seed)
    }

    /// Whether it has everything.
    func isDone(_ journal: Journal) -> Bool {
        epoch == journal.epoch && position == journal.status(of: .readings).lastSeq
            && journal.cursor(name, .readings) == position
    }

    /// Goes back, as somebody does who has restored an older database.
    mutating func rewind(_ journal: Journal) throws(JournalError) {
        guard epoch == journal.epoch else { return }
        let target = SequenceNumber(Int64(random.integer(in: 0...Int(position.rawValue))))
        position = try journal.acknowledge(name, .readings, upTo: target, epoch: journal.epoch, rewind: true)
        acknowledged = position
    }

    /// Asks for a page; `arrives`: whether the answer gets through. Then acknowledges it, or leaves that to a later page.
    mutating func pull(_ journal: Journal, arrives: Bool, hidesGaps: Bool) throws {
        let limit = random.integer(in: 1...60)
        let page: JournalPage
        do throws(JournalError) {
            page = try journal.read(.readings, after: position, limit: limit, epoch: epoch)
        } catch {
            guard case .epochChanged(let current, _) = error else { throw error }
            // Everything again: what it has, it knows by its identity.
            epoch = current
            position = .zero
            acknowledged = .zero
            return
        }
        guard arrives else { return }
        epoch = page.epoch
        try take(page, hidesGaps: hidesGaps)
        guard random.chance(0.5) || !page.more else { return }
        let cursor = try journal.acknowledge(name, .readings, upTo: position, epoch: page.epoch)
        guard cursor >= position || cursor > acknowledged else {
            throw SimulationViolation("\(name) acknowledged \(position), the cursor is \(cursor)")
        }
        acknowledged = cursor
    }

    /// Every number between the last page and this one's end is there as a record or told as gone.
    private mutating func take(_ page: JournalPage, hidesGaps: Bool) throws {
        var expected = position.rawValue + 1
        var gone = (hidesGaps ? [] : page.gaps).map { $0.from.rawValue...$0.to.rawValue }
        var holes = gone[...]
        for record in page.records {
            while let hole = holes.first, hole.lowerBound <= expected, hole.upperBound < record.seq.rawValue {
                expected = max(expected, hole.upperBound + 1)
                holes = holes.dropFirst()
            }
            guard record.seq.rawValue == expected else {
                throw SimulationViolation(
                    "\(name) got \(record.seq) where \(expected) was next, and was told of no gap")
            }
            expected += 1
            try keep(record)
        }
        for hole in holes where hole.lowerBound <= expected { expected = max(expected, hole.upperBound + 1) }
        guard page.next.rawValue == expected - 1 else {
            throw SimulationViolation("\(name) is to go on after \(page.next), and has seen up to \(expected - 1)")
        }
        gone.removeAll { $0.upperBound <= position.rawValue }
        gaps[page.epoch, default: []] += gone
        position = page.next
    }

    private mutating func keep(_ record: StoredRecord) throws {
        let hash = "\(record.simulatedNumber ?? -1) \(record.device?.text ?? "") \(record.upstreamSeq)".stableHash
        guard records.updateValue(hash, forKey: record.simulatedIdentity) ?? hash == hash else {
            throw SimulationViolation("\(name) got two contents for \(record.simulatedIdentity)")
        }
    }

    /// In the end: whether it has each record, or was told that it is gone.
    func check(_ all: [StoredRecord]) throws {
        for record in all where records[record.simulatedIdentity] == nil {
            throw SimulationViolation("\(name) never got \(record.seq)")
        }
    }
}
