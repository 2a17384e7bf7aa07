import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import Synchronization
import Testing

@Test func whatIsAppendedIsReadBackWhole() throws {
    let site = try Site()
    site.clock.advance(by: .milliseconds(17))
    var batch = ObservationBatch()
    let device = try #require(DeviceID("mycobrain-01").flatMap { DeviceName($0) })
    var observation = Observation(device: device, received: site.clock.now(), source: .serial)
    observation.deviceSeq = 12
    observation.deviceTime = Timestamp(milliseconds: 1_768_487_399_123, trusted: false)
    observation.flags = [.repaired, .signatureValid]
    batch.append(Reading(MetricName(known: "bme688_a.temperature"), .number(22.5), unit: .celsius))
    batch.append(Reading(MetricName(known: "di.door"), .flag(true), quality: .warn))
    batch.append(Reading(MetricName(known: "sys.state"), .text("zufrieden"), unit: .one, quality: .old))
    var id = "c556918f-a570-5ef5-9af9-10e43de637ef"
    id.withUTF8 { batch.append(observation, messageID: $0) }
    let note = Note(
        .logs, kind: "serial_line", device: device.id, body: "{\"text\":\"hello\"}", received: site.clock.now(),
        cause: SequenceNumber(1))
    batch.append(note)
    let readings = batch.readings
    let receipt = try site.journal.append(batch)
    #expect(receipt == AppendReceipt(outcomes: [.stored(SequenceNumber(1))], stored: 1, duplicates: 0))

    for _ in 0..<2 {
        let record = try #require(try site.records().first)
        #expect(record.device?.text == "mycobrain-01")
        #expect(record.deviceSeq == 12 && record.upstreamSeq == 12)
        #expect(record.messageID == id)
        #expect(record.deviceTime == observation.deviceTime)
        #expect(record.received == observation.received)
        #expect(record.boot == "b7e1")
        #expect(record.source == .serial)
        #expect(record.flags == observation.flags)
        #expect(record.readings == readings)
        #expect(record.epoch == site.journal.epoch)
        let log = try #require(try site.records(.logs).first)
        #expect(log.kind == "serial_line" && log.body == note.body && log.device == device.id)
        #expect(log.received == note.received)
        try site.restart()
    }
}

@Test func observersLearnOfEachCommit() throws {
    let site = try Site()
    let seen = Ends()
    let subscription = site.journal.onAppend { stream, end in seen.add(stream, end) }
    try site.append(.numbered(1))
    try site.append(.numbered(1))
    try site.append(.numbered(5))
    subscription.cancel()
    try site.append(.numbered(6))
    #expect(seen.all.filter { $0.0 == .readings }.map(\.1.rawValue) == [1, 2])
    #expect(seen.all.filter { $0.0 == .events }.map(\.1.rawValue) == [1])
}

@Test func manyThreadsAppendAtOnceAndEachGetsItsOwnReceipt() async throws {
    let site = try Site()
    let journal = site.journal
    let batches = (0..<8).map { thread in
        (0..<25).map { round in
            site.batch((0..<4).map { .numbered(UInt32(round * 4 + $0 + 1), device: "board-\(thread)") })
        }
    }
    let stored = try await withThrowingTaskGroup(of: Int.self) { group in
        for mine in batches {
            group.addTask { try mine.reduce(0) { $0 + (try journal.append($1)).stored } }
        }
        return try await group.reduce(0, +)
    }
    #expect(stored == 800)
    let records = try site.records()
    #expect(records.map(\.seq.rawValue) == Array(1...800))
    #expect(try site.kinds().isEmpty)
    #expect(site.journal.counters.accepted == 800)
}

@Test func nothingIsAppendedAfterClosing() throws {
    let site = try Site()
    try site.append(.numbered(1))
    site.journal.close()
    #expect(throws: JournalError.closed) { try site.append(.numbered(2)) }
}

@Test func aWriterThatHangsIsNoticedAfterTenSeconds() async throws {
    let site = try Site()
    let journal = site.journal
    let batch = site.batch([.numbered(1)])
    let isStuck = Mutex(false)
    let isReleased = Mutex(false)
    let subscription = journal.onAppend { _, _ in
        isStuck.withLock { $0 = true }
        // The writer hangs here until it is let go; it must not eat the processor meanwhile.
        while !isReleased.withLock({ $0 }) { usleep(1_000) }
    }
    let appending = Task.detached { try journal.append(batch).stored }
    #expect(Eventually.holds { isStuck.withLock { $0 } })
    #expect(journal.answers)
    site.clock.advance(by: .milliseconds(10_001))
    #expect(!journal.answers)
    isReleased.withLock { $0 = true }
    #expect(try await appending.value == 1)
    #expect(Eventually.holds { journal.answers })
    withExtendedLifetime(subscription) {}
}
