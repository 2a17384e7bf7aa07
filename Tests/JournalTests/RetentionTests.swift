import GatewayModel
import GatewayTestKit
import Journal
import Testing

private func fill(_ site: Site, _ rounds: Int) throws {
    for _ in 0..<rounds {
        let start = UInt32(site.journal.status(of: .readings).lastSeq.rawValue)
        try site.append((0..<1_000).map { .numbered(start + $0 + 1) })
    }
}

private func note(_ site: Site, _ stream: StreamName, _ count: Int) throws {
    let body = "{\"text\":\"" + String(repeating: "x", count: 1_000) + "\"}"
    var batch = ObservationBatch()
    for _ in 0..<count { batch.append(Note(stream, kind: "line", body: body, received: site.clock.now())) }
    try site.journal.append(batch)
}

@Test func aStreamStaysWithinItsOwnBudget() throws {
    // Its segments are smaller than the others', or its first alone would be too much.
    let site = try Site(retention: [.logs: StreamRetention(maxBytes: 1 << 20, priority: 9)])
    for _ in 0..<40 { try note(site, .logs, 100) }
    try fill(site, 20)
    #expect(site.journal.status(of: .logs).bytes < 3 << 19)
    #expect(site.journal.status(of: .logs).firstSeq.rawValue > 1)
    #expect(site.journal.status(of: .readings).firstSeq == SequenceNumber(1))
}

@Test func whatIsRareAndImportantIsKeptWhileReadingsThatNobodyNeedsMoreGoFirst() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 4 << 20)
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    for _ in 0..<60 {
        try note(site, .audit, 7)
        try note(site, .events, 10)
        try fill(site, 2)
    }
    #expect(site.journal.status(of: .readings).firstSeq.rawValue > 1)
    // Nobody required reads them, and they have more than one segment.
    #expect(site.journal.status(of: .audit).firstSeq == SequenceNumber(1))
    #expect(site.journal.status(of: .events).firstSeq.rawValue > 1, "beyond its share a stream gives way")
    let kept = site.journal.status(of: .events)
    #expect(kept.bytes > (4 << 20) / 8 - (512 << 10))
}

@Test func whatHasTheLowestPriorityGoesFirst() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 4 << 20)
    for _ in 0..<16 { try note(site, .logs, 100) }
    for _ in 0..<200 where site.journal.status(of: .logs).firstSeq == SequenceNumber(1) { try fill(site, 2) }
    #expect(site.journal.status(of: .logs).firstSeq.rawValue > 1)
    #expect(site.journal.status(of: .readings).firstSeq == SequenceNumber(1))
}

@Test func everyEvictionIsInTheAuditAndInTheLedger() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 1 << 20)
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    try fill(site, 60)
    try site.restart()
    let first = site.journal.status(of: .readings).firstSeq.rawValue
    #expect(first > 1)
    let losses = site.journal.losses(of: .readings)
    #expect(losses.count == 1, "what goes on with the same reason is one entry")
    #expect(losses.first?.gap.count == first - 1 && losses.first?.needed == first - 1)
    let entries = try site.records(.audit).filter { $0.kind == "records_evicted" }.compactMap(\.body)
    #expect(entries.count > 1)
    #expect(entries.first?.hasPrefix(#"{"stream":"readings","from":1,"to":"#) == true)
    #expect(entries.last?.contains("\"to\":\(first - 1),") == true)
}

@Test func olderRecordsGoWhenEveryRequiredConsumerHasThemAndTheClockIsRight() throws {
    let site = try Site(
        segmentSize: 256 << 10, retention: [.readings: StreamRetention(maxAge: .seconds(3_600), priority: 3)])
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    try fill(site, 30)
    let boundary = site.journal.status(of: .readings).lastSeq
    site.clock.advance(by: .seconds(7_200))
    try fill(site, 30)
    func settle() throws {
        site.clock.advance(by: .seconds(61))
        // Ages are looked at when the writer rests; the second batch finds what the first one's rest has done.
        try fill(site, 1)
        try fill(site, 1)
    }
    try settle()
    #expect(site.journal.status(of: .readings).firstSeq == SequenceNumber(1), "mas has not got them")
    try site.journal.acknowledge("mas", .readings, upTo: boundary, epoch: site.journal.epoch)
    site.clock.trust(false)
    try settle()
    #expect(site.journal.status(of: .readings).firstSeq == SequenceNumber(1), "nobody knows how late it is")
    site.clock.trust(true)
    try settle()
    let first = site.journal.status(of: .readings).firstSeq
    #expect(first > SequenceNumber(1) && first <= boundary.next)
    #expect(site.journal.losses(of: .readings).map(\.gap.reason) == ["expired"])
    #expect(site.journal.counters.losses.isEmpty)
}

@Test func recordsOfAnUnsetClockAreNotTakenForOld() throws {
    let site = try Site(
        segmentSize: 256 << 10, retention: [.readings: StreamRetention(maxAge: .seconds(3_600), priority: 3)])
    site.clock.setWall(milliseconds: 0, trusted: false)
    try fill(site, 30)
    site.clock.setWall(milliseconds: 1_800_000_000_000, trusted: true)
    try fill(site, 30)
    site.clock.advance(by: .seconds(61))
    try fill(site, 2)
    #expect(site.journal.status(of: .readings).firstSeq == SequenceNumber(1))
    site.clock.advance(by: .seconds(7_200))
    try fill(site, 2)
    #expect(site.journal.status(of: .readings).firstSeq.rawValue > 30_000)
}

@Test func theLedgerStaysSmallWhileASlowConsumerIsOvertakenAgainAndAgain() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 1 << 20)
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    var lost: Int64 = 0
    for round in 0..<60 {
        try fill(site, 2)
        let first = site.journal.status(of: .readings).firstSeq.rawValue
        let cursor = site.journal.cursor("mas", .readings).rawValue
        // What went before the consumer had it, counted from outside.
        lost += max(0, first - 1 - cursor)
        let next = max(cursor, first - 1) + 500
        try site.journal.acknowledge(
            "mas", .readings, upTo: SequenceNumber(next), epoch: site.journal.epoch)
        if round == 30 { try site.restart() }
    }
    #expect(site.journal.losses(of: .readings).count == 1)
    #expect(site.journal.counters.losses[.readings] == lost)
}

@Test func whatAConsumerHasInItsHandsWhenItIsEvictedIsLostOnlyIfItLetsGoOfIt() throws {
    for ending in ["delivered", "let go", "died"] {
        let site = try Site(segmentSize: 256 << 10, maxBytes: 1 << 20)
        try site.journal.declare([RequiredConsumer("mas", .readings)])
        try fill(site, 1)
        try site.journal.visit(.readings, after: .zero, limit: 100, for: "mas") { _ in true }
        try fill(site, 60)
        if ending == "died" { try site.restart() }
        let gone = site.journal.status(of: .readings).firstSeq.rawValue - 1
        #expect(gone > 1_000)
        switch ending {
        case "delivered":
            try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(100), epoch: site.journal.epoch)
            try site.journal.visit(.readings, after: SequenceNumber(100), limit: 100, for: "mas") { _ in true }
            #expect(site.journal.counters.losses == [.readings: gone - 100])
            try site.restart()
            #expect(site.journal.counters.losses == [.readings: gone - 100])
        case "let go":
            #expect(site.journal.counters.losses == [.readings: gone - 100])
            try site.journal.visit(.readings, after: SequenceNumber(40), limit: 10, for: "mas") { _ in true }
            #expect(site.journal.counters.losses == [.readings: gone - 40])
        default:
            #expect(site.journal.counters.losses == [.readings: gone])
        }
    }
}

@Test func whatIsEvictedWhileItIsBeingReadIsInTheReadersHands() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 1 << 20)
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    try fill(site, 60)
    var read: [Int64] = []
    // The reader crosses what is gone already; while it reads on, that goes too.
    let (next, _) = try site.journal.visit(.readings, after: .zero, limit: 100, for: "mas") { record in
        if read.isEmpty { #expect(throws: Never.self) { try fill(site, 60) } }
        read.append(record.seq.rawValue)
        return true
    }
    let gone = site.journal.status(of: .readings).firstSeq.rawValue - 1
    let first = try #require(read.first)
    #expect(read == Array(first..<first + 100) && next.rawValue == first + 99 && gone > next.rawValue)
    try site.journal.acknowledge("mas", .readings, upTo: next, epoch: site.journal.epoch)
    #expect(site.journal.counters.losses == [.readings: gone - 100])
}

extension VirtualClock {
    fileprivate func trust(_ isTrusted: Bool) { setWall(milliseconds: now().wall.milliseconds, trusted: isTrusted) }
}
