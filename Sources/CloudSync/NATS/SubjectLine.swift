internal import GatewayModel

/// One stream of the journal on its way to one subject. Confined to the destination's thread.
struct SubjectLine {
    let source: DeliverySource
    let subject: String
    private var items: [DeliveryItem] = []
    private var head = 0
    /// The last number that was read or need not be.
    private(set) var readTo: SequenceNumber
    /// Everything up to here is stored or condemned.
    private(set) var finishedTo: SequenceNumber
    var savedTo: SequenceNumber
    var mayHaveMore = true
    var isReading = false
    /// Grown since it was asked for what it has.
    var hasGrown = false
    /// Whether it was ever asked for what it has, and answered.
    var hasLooked = false
    /// The highest number that was published since the start, in any attempt.
    private(set) var publishedTo = SequenceNumber.zero
    /// How far earlier epochs are stored: what earlier lives of ours did, or boxes with a journal of the same past.
    private var covered: [String: SequenceNumber] = [:]
    private(set) var isKnown = false
    /// The highest number that was found in it.
    private var knownTo = SequenceNumber.zero
    /// What is stored behind a hole, which is mended late.
    private(set) var storedAhead: [PublishedID] = []
    /// Attempts of records whose id the server took for a duplicate of something it has not stored.
    private(set) var attempts: [SequenceNumber: Int] = [:]

    init(_ source: DeliverySource, subject: String) {
        self.source = source
        self.subject = subject
        let cursor = source.acknowledged()
        readTo = cursor
        finishedTo = cursor
        savedTo = cursor
    }

    /// Items that wait or are under way.
    var count: Int { items.count - head }
    var isDirty: Bool { finishedTo > savedTo }
    /// Whether there is nothing left to do for now.
    var isAtRest: Bool { count == 0 && !mayHaveMore && !isReading }

    subscript(index: Int) -> DeliveryItem { items[head + index] }

    /// Takes a page; how many of its items wait now.
    mutating func take(_ page: DeliveryReader.Page) -> Int {
        isReading = false
        hasLooked = true
        mayHaveMore = page.more || hasGrown
        hasGrown = false
        var taken = 0
        // What was found stored while the page was read is behind us.
        for item in page.items where item.seq > readTo && !isCovered(item) {
            items.append(item)
            taken += 1
        }
        readTo = max(readTo, page.next)
        if count == 0 { finishedTo = max(finishedTo, readTo) }
        return taken
    }

    /// The first `count` items are stored or condemned.
    mutating func finish(_ count: Int) {
        guard count > 0 else { return }
        let last = items[head + count - 1].seq
        head += count
        finishedTo = max(finishedTo, last)
        if !attempts.isEmpty { attempts = attempts.filter { $0.key > last } }
        if !storedAhead.isEmpty { storedAhead.removeAll { $0.through <= last } }
        if head == items.count {
            items.removeAll(keepingCapacity: true)
            head = 0
            // Behind the last record, the rest of what was read has nothing to be published.
            finishedTo = max(finishedTo, readTo)
        } else if head > 512 {
            items.removeFirst(head)
            head = 0
        }
    }

    mutating func published(_ item: DeliveryItem) { publishedTo = max(publishedTo, item.seq) }

    /// The id of an item's next attempt.
    func id(of item: DeliveryItem) -> String {
        PublishedID.again(item.identityText, attempt: attempts[item.seq] ?? 0)
    }

    /// The server took the first item's id for a duplicate. If it is not stored, it must get another.
    mutating func wasTakenForDuplicate(_ seq: SequenceNumber) { attempts[seq, default: 0] += 1 }

    /// The subject tells records of this gateway that are not of our doing: how that can be, nil if it may be.
    ///
    /// - Parameter last: the highest number of our epoch, else the last message.
    func objection(to last: PublishedID, ownEpoch: String) -> String? {
        if last.epoch == ownEpoch {
            if isKnown, last.through > max(publishedTo, knownTo, finishedTo) {
                return "was written by somebody else with this gateway's id, up to \(last.through)"
            }
            if last.through > source.last() { return "is ahead of this gateway, at \(last.through)" }
        } else if isKnown, covered[last.epoch] != last.through {
            return "was written by another box with this gateway's id, in the epoch \(last.epoch)"
        }
        return nil
    }

    /// The subject was read; nothing of ours is under way.
    ///
    /// - Parameters:
    ///   - last: what its last message says, nil if it has none.
    ///   - tail: the last messages, as far back as there can be holes among them; empty if there can be none.
    ///   - isContinued: whether the tail begins behind what is finished; otherwise nothing is missing before its first one.
    /// - Returns: how many waiting items are behind us now.
    mutating func know(
        _ last: PublishedID?, tail: [PublishedID], isContinued: Bool, ownEpoch: String
    ) -> Int {
        isKnown = true
        storedAhead = []
        guard let last else { return 0 }
        for id in tail + [last] where id.epoch != ownEpoch { cover(id) }
        let own = tail.filter { $0.epoch == ownEpoch }
        knownTo = own.reduce(last.epoch == ownEpoch ? last.through : .zero) { max($0, $1.through) }
        var reached = finishedTo
        let base = tail.first ?? last
        if !isContinued, base.epoch == ownEpoch { reached = max(reached, base.through) }
        for id in own.sorted(by: { $0.through < $1.through }) where id.through > reached {
            if id.first <= reached.next { reached = id.through } else { storedAhead.append(id) }
        }
        let before = count
        let kept = items[head...].filter { $0.seq > reached && !isCovered($0) }
        items = Array(kept)
        head = 0
        readTo = max(readTo, reached)
        finishedTo = max(finishedTo, reached)
        if items.isEmpty { finishedTo = max(finishedTo, readTo) }
        return before - count
    }

    /// The subject has this message of an earlier epoch, and those of the epoch that come before it.
    mutating func cover(_ id: PublishedID) { covered[id.epoch] = max(covered[id.epoch] ?? .zero, id.through) }

    /// The first earlier epoch of which records wait; nil if there is none.
    func awaitedEpoch(before ownEpoch: String) -> String? {
        items[head...].lazy.compactMap { PublishedID($0.identityText)?.epoch }.first { $0 != ownEpoch }
    }

    private func isCovered(_ item: DeliveryItem) -> Bool {
        if storedAhead.contains(where: { $0.first <= item.seq && item.seq <= $0.through }) { return true }
        guard covered.values.contains(where: { item.seq <= $0 }), let id = PublishedID(item.identityText) else {
            return false
        }
        return covered[id.epoch].map { item.seq <= $0 } ?? false
    }
}
