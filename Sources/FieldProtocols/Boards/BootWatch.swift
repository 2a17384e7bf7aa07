internal import GatewayModel

/// Gathers what tells one boot of a board from the next, and the counts that begin anew with each.
struct BootWatch: Sendable {
    private struct Counter {
        var source: MDPEndpoint?
        var tracker: SequenceTracker
        /// The boot its last number belongs to.
        var boot: Int
        /// Numbers that no observation has taken along yet, ascending.
        var heard: [ClosedRange<UInt32>] = []
        var uptimes = RecentUptimes()
    }

    private var counters: [Counter] = []
    private var boot = 0
    /// A boot was announced, and no observation has said so yet.
    private var isAnnounced = false
    private var lastUptime: Int64?

    /// Counters kept; a port carries two, hostile input any of 256.
    private static let counterMax = 8
    private static let heardMax = 64

    /// A ROM line, banner or HELLO says that the board has booted.
    mutating func announceBoot() {
        boot += 1
        isAnnounced = true
        lastUptime = nil
        for index in counters.indices { counters[index].heard.removeAll() }
    }

    func lastSeq(of source: MDPEndpoint?) -> UInt32? { counters.first { $0.source == source }?.tracker.last }

    /// Continues a count that was followed before a restart of the gateway.
    mutating func resume(after seq: UInt32, source: MDPEndpoint?) {
        counters.removeAll { $0.source == source }
        counters.append(Counter(source: source, tracker: SequenceTracker(last: seq), boot: boot))
    }

    /// Takes the number and, if known, the uptime of a message.
    mutating func observe(
        _ seq: UInt32, source: MDPEndpoint?, first: UInt32, uptime: Int64?
    ) -> SequenceTracker.Verdict {
        guard let index = index(of: source) else {
            noteUptime(uptime)
            return .next
        }
        // A message that was overtaken or is sent again tells the uptime that it was made at.
        if !(counters[index].boot == boot && counters[index].uptimes.isEarlier(seq, uptime)) { noteUptime(uptime) }
        counters[index].uptimes.note(seq, uptime, boot: boot)
        let isNewBoot = counters[index].boot != boot
        counters[index].boot = boot
        Self.hear(seq, &counters[index].heard)
        return counters[index].tracker.observe(seq, isNewBoot: isNewBoot, first: first)
    }

    /// An uptime that falls back is a boot nobody announced.
    mutating func noteUptime(_ uptime: Int64?) {
        guard let uptime else { return }
        if let lastUptime, uptime < lastUptime { announceBoot() }
        lastUptime = uptime
    }

    /// What the next observation says about boots; said once.
    mutating func evidence(uptime: Int64?) -> BootEvidence {
        defer { isAnnounced = false }
        if isAnnounced { return .announced }
        return uptime.map { .uptime(milliseconds: $0) } ?? .none
    }

    /// Numbers that no observation has taken along yet, ascending.
    func heard(of source: MDPEndpoint) -> [ClosedRange<UInt32>] {
        counters.first { $0.source == source }?.heard ?? []
    }

    /// Goes on with numbers that were heard before a restart of the gateway.
    mutating func resume(heard: [ClosedRange<UInt32>], of source: MDPEndpoint) {
        guard !heard.isEmpty, let index = index(of: source) else { return }
        counters[index].heard = Array(heard.suffix(Self.heardMax))
    }

    /// Hands out the numbers below `seq` that came with frames which made no observation.
    mutating func takeHeard(before seq: UInt32, of source: MDPEndpoint?, _ body: (ClosedRange<UInt32>) -> Void) {
        guard let index = known(source) else { return }
        // By number: an iterator would hold the array, and emptying it would make another.
        for place in counters[index].heard.indices {
            let range = counters[index].heard[place]
            if range.lowerBound < seq { body(range.lowerBound...min(range.upperBound, seq - 1)) }
        }
        counters[index].heard.removeAll(keepingCapacity: true)
    }

    /// Of the type: a method of the value would hold the counters meanwhile, so that they were copied with each message.
    private static func hear(_ seq: UInt32, _ heard: inout [ClosedRange<UInt32>]) {
        guard let last = heard.last else { return heard.append(seq...seq) }
        if seq <= last.upperBound { return }
        if seq == last.upperBound + 1 {
            heard[heard.count - 1] = last.lowerBound...seq
        } else {
            if heard.count == heardMax { heard.removeFirst() }
            heard.append(seq...seq)
        }
    }

    private func known(_ source: MDPEndpoint?) -> Int? {
        counters.indices.first { counters[$0].source == source }
    }

    private mutating func index(of source: MDPEndpoint?) -> Int? {
        if let index = known(source) { return index }
        guard counters.count < Self.counterMax else { return nil }
        counters.append(Counter(source: source, tracker: SequenceTracker(), boot: boot))
        return counters.count - 1
    }
}
