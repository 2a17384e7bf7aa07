import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import Testing

private func fill(_ site: Site, _ rounds: Int, from start: UInt32 = 0) throws {
    for round in 0..<UInt32(rounds) {
        try site.append((0..<1_000).map { .numbered(start + round * 1_000 + $0 + 1) })
    }
}

@Test func fullSegmentsAreSealedIntoOneFileAndStayReadable() throws {
    let site = try Site(segmentSize: 256 << 10)
    try fill(site, 30)
    // The last batch may still be at work on sealing.
    try site.restart()
    let files = names(in: site.path + "/journal/readings")
    let segments = files.filter { $0.hasSuffix(".db") }
    #expect(segments.count > 3)
    for name in segments.dropLast() {
        #expect(!files.contains(name + "-wal") && !files.contains(name + "-shm"))
        let head = read(site.path + "/journal/readings/" + name).prefix(20)
        #expect(head[18] == 1 && head[19] == 1)
    }
    #expect(try site.records().map(\.seq.rawValue) == Array(1...30_000))
    #expect(try site.records().allSatisfy { $0.readings.count == 2 })
}

@Test func theOldestSegmentsGoWhenTheBudgetIsUsedUpAndReadersAreTold() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 1 << 20)
    try fill(site, 60)
    let status = site.journal.status(of: .readings)
    #expect(status.firstSeq.rawValue > 1 && status.lastSeq.rawValue == 60_000)
    #expect(status.bytes < 2 << 20)
    let page = try site.journal.read(.readings, after: .zero, limit: 10)
    let gap = StreamGap(
        from: SequenceNumber(1), to: SequenceNumber(status.firstSeq.rawValue - 1), count: status.firstSeq.rawValue - 1,
        reason: "evicted")
    #expect(page.gaps == [gap])
    #expect(page.records.first?.seq == status.firstSeq)
    #expect(page.entries.first == .gap(gap))
    // Nobody needed them.
    #expect(site.journal.counters.losses.isEmpty)
    let middle = try site.journal.read(.readings, after: SequenceNumber(500), limit: 1)
    #expect(middle.gaps.first?.from == SequenceNumber(501))
}

@Test func whatARequiredConsumerStillNeededCountsAsALoss() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 1 << 20)
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    try fill(site, 1)
    try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(100), epoch: site.journal.epoch)
    try fill(site, 59, from: 1_000)
    let first = site.journal.status(of: .readings).firstSeq.rawValue
    #expect(first > 1_000)
    #expect(site.journal.counters.losses == [.readings: first - 1 - 100])
    try site.restart()
    #expect(site.journal.counters.losses == [.readings: first - 1 - 100])
}

@Test func lessImportantStreamsGoBeforeWhatIsNeeded() throws {
    let site = try Site(segmentSize: 256 << 10, maxBytes: 2 << 20)
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    let body = "{\"text\":\"" + String(repeating: "x", count: 1_000) + "\"}"
    for _ in 0..<40 {
        try fill(site, 1, from: UInt32(site.journal.status(of: .readings).lastSeq.rawValue))
        var batch = ObservationBatch()
        for _ in 0..<60 { batch.append(Note(.logs, kind: "line", body: body, received: site.clock.now())) }
        try site.journal.append(batch)
    }
    #expect(site.journal.status(of: .logs).firstSeq.rawValue > 1)
    #expect(site.journal.counters.losses.isEmpty)
    #expect(site.journal.status(of: .readings).firstSeq == SequenceNumber(1))
}

@Test func aDamagedSegmentIsSetAsideAndEnteredAsALoss() throws {
    let site = try Site(segmentSize: 256 << 10)
    try fill(site, 30)
    site.journal.close()
    let folder = site.path + "/journal/readings/"
    let segments = names(in: folder).filter { $0.hasSuffix(".db") }
    let second = try #require(segments.dropFirst().first)
    chmod(folder + second, 0o600)
    write(Array("this is no database, whatever its name says".utf8), to: folder + second)
    try site.restart()
    #expect(names(in: site.path + "/damaged").count == 1)
    let page = try site.journal.read(.readings, after: .zero, limit: 10_000)
    let gap = try #require(page.gaps.first)
    #expect(gap.reason == "damaged" && gap.from.rawValue == Int64(second.dropLast(3)))
    #expect(site.journal.counters.losses == [.readings: gap.count])
    #expect(try site.records().count == 30_000 - Int(gap.count))
    #expect(try site.append(.numbered(30_001)).stored == 1)
}

@Test func readersSeeWhatIsCommittedWhileTheWriterGoesOn() throws {
    let site = try Site(segmentSize: 256 << 10)
    var after = SequenceNumber.zero
    var seen: [Int64] = []
    for round in 0..<50 {
        try site.append((0..<300).map { .numbered(UInt32(round * 300 + $0 + 1)) })
        let end = try site.journal.visit(.readings, after: after, limit: 170) { record in
            seen.append(record.seq.rawValue)
            return true
        }
        #expect(end.more)
        after = end.next
    }
    #expect(seen == Array(1...Int64(seen.count)) && seen.count == 50 * 170)
}

@Test func flippedBitsNeverKeepTheJournalFromOpeningNorReadersFromTheEnd() throws {
    var random = SeededRandom(seed: 21)
    let site = try Site(segmentSize: 256 << 10)
    try fill(site, 20)
    try site.restart()
    site.journal.close()
    let segments = names(in: site.path + "/journal/readings").filter { $0.hasSuffix(".db") }
    #expect(segments.count >= 3)
    for _ in 0..<12 {
        let copy = try TemporaryFolder("journal-flipped")
        try copyTree(site.path, copy.path)
        let victim = copy.path + "/journal/readings/" + segments[random.integer(in: 0...segments.count - 2)]
        var bytes = read(victim)
        for _ in 0..<random.integer(in: 1...40) {
            bytes[random.integer(in: 0...bytes.count - 1)] ^= UInt8(1 << random.integer(in: 0...7))
        }
        chmod(victim, 0o600)
        write(bytes, to: victim)
        let journal: Journal
        do { journal = try Site.open(copy.path, site.clock, 256 << 10) } catch JournalError.unusable(let why) {
            // A version number that this program does not know is not damage.
            #expect(why.contains("segment format"))
            continue
        }
        var after = SequenceNumber.zero
        var found: Int64 = 0
        var lost: Int64 = 0
        while after < journal.status(of: .readings).lastSeq {
            let page = try journal.read(.readings, after: after, limit: 1_000)
            found += Int64(page.records.count)
            lost += page.gaps.reduce(0) { $0 + $1.count }
            #expect(page.next > after)
            after = page.next
        }
        #expect(found + lost == 20_000)
        #expect(try journal.append(site.batch([.numbered(50_000)])).stored == 1)
        journal.close()
    }
}

@Test func flippedBitsInTheNewestSegmentNeverKeepTheJournalFromOpeningAndWriting() throws {
    var random = SeededRandom(seed: 22)
    let site = try Site(segmentSize: 256 << 10)
    try fill(site, 12)
    let newest = try #require(names(in: site.path + "/journal/readings").filter { $0.hasSuffix(".db") }.last)
    for round in 0..<30 {
        // The writer is alive: what is copied is what a kill leaves, WAL included.
        let copy = try TemporaryFolder("journal-flipped")
        try copyTree(site.path, copy.path)
        let victim = copy.path + "/journal/readings/" + newest + (round % 3 == 0 ? "-wal" : "")
        var bytes = read(victim)
        if bytes.isEmpty { continue }
        for _ in 0..<random.integer(in: 1...60) {
            bytes[random.integer(in: 0...bytes.count - 1)] ^= UInt8(1 << random.integer(in: 0...7))
        }
        write(bytes, to: victim)
        let journal: Journal
        do { journal = try Site.open(copy.path, site.clock, 256 << 10) } catch JournalError.unusable(let why) {
            // A version number that this program does not know is not damage.
            #expect(why.contains("segment format"))
            continue
        }
        // The first attempt may find the damage, the next one goes to a new segment.
        _ = try? journal.append(site.batch([.numbered(50_000)]))
        #expect(throws: Never.self) { try journal.append(site.batch([.numbered(50_001)])) }
        #expect(try journal.append(site.batch([.numbered(50_001)])).duplicates == 1)
        journal.close()
    }
}

@Test func moreKindsOfMessagesThanASegmentListsAreStoredAllTheSame() throws {
    let site = try Site()
    let device = try #require(DeviceID("chameleon").flatMap { DeviceName($0) })
    let metrics = try (0..<13).map { try #require(MetricName("field_\($0)")) }
    var expected: [[Reading]] = []
    for start in stride(from: 0, to: 6_000, by: 1_000) {
        var batch = ObservationBatch()
        for mask in start..<start + 1_000 {
            for (bit, metric) in metrics.enumerated() where mask & 1 << bit != 0 {
                batch.append(Reading(metric, .number(Double(mask)), unit: bit % 2 == 0 ? .volt : .one, quality: .warn))
            }
            var observation = Observation(device: device, received: site.clock.now(), source: .mqtt)
            observation.deviceSeq = UInt32(mask)
            batch.append(observation)
            expected.append(Array(batch.readings[batch.observations[batch.observations.count - 1].readings]))
        }
        try site.journal.append(batch)
        if start == 3_000 { try site.kill() }
    }
    #expect(try site.records().map(\.readings) == expected)
}
