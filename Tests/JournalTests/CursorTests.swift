import GatewayModel
import GatewayTestKit
import Journal
import Testing

@Test func cursorsMoveForwardAndSurviveAKill() throws {
    let site = try Site()
    try site.append((1...10).map { .numbered($0) })
    let epoch = site.journal.epoch
    #expect(site.journal.cursor("mas", .readings) == .zero)
    try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(4), epoch: epoch)
    #expect(try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(2), epoch: epoch) == SequenceNumber(4))
    try site.kill()
    #expect(site.journal.epoch == epoch)
    #expect(site.journal.cursor("mas", .readings) == SequenceNumber(4))
    try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(2), epoch: epoch, rewind: true)
    let status = try #require(site.journal.consumers(of: .readings).first)
    #expect(status.acknowledged == SequenceNumber(2) && status.lag == 8 && !status.isRequired)
    #expect(site.journal.consumers(of: .events).isEmpty)
}

@Test func wrongAcknowledgementsAreErrors() throws {
    let site = try Site()
    try site.append(.numbered(1))
    let epoch = site.journal.epoch
    #expect(throws: JournalError.beyondEnd(last: SequenceNumber(1))) {
        try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(2), epoch: epoch)
    }
    #expect(throws: JournalError.epochChanged(current: epoch, first: SequenceNumber(1))) {
        try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(1), epoch: "another")
    }
    #expect(throws: JournalError.invalidConsumer("a b")) {
        try site.journal.acknowledge("a b", .readings, upTo: SequenceNumber(1), epoch: epoch)
    }
    #expect(throws: JournalError.beyondEnd(last: SequenceNumber(1))) {
        try site.journal.read(.readings, after: SequenceNumber(2), limit: 1)
    }
    #expect(throws: JournalError.epochChanged(current: epoch, first: SequenceNumber(1))) {
        try site.journal.read(.readings, after: .zero, limit: 1, epoch: "another")
    }
}

@Test func theNumberOfConsumersIsBounded() throws {
    let site = try Site()
    try site.append(.numbered(1))
    var failure: JournalError?
    for index in 0..<1_000 {
        do throws(JournalError) {
            try site.journal.acknowledge("c\(index)", .readings, upTo: SequenceNumber(1), epoch: site.journal.epoch)
        } catch {
            failure = error
            break
        }
    }
    #expect(failure == .tooManyConsumers(limit: 256))
}

@Test func requiredConsumersComeAndGoByConfiguration() throws {
    let site = try Site()
    try site.append((1...5).map { .numbered($0) })
    try site.journal.declare([RequiredConsumer("mas", .readings), RequiredConsumer("late", .readings, from: .now)])
    #expect(site.journal.cursor("mas", .readings) == .zero)
    #expect(site.journal.cursor("late", .readings) == SequenceNumber(5))
    try site.restart()
    #expect(site.journal.consumers(of: .readings).map(\.isRequired) == [true, true])
    let released = try site.journal.declare([RequiredConsumer("late", .readings, from: .oldest)])
    #expect(released.map(\.name) == ["mas"])
    #expect(site.journal.cursor("late", .readings) == SequenceNumber(5))
}

/// Names of the consumers, once the writer has seen how late it is.
private func consumers(_ site: Site, become expected: [String]) throws -> Bool {
    try site.append(.numbered(UInt32(site.journal.status(of: .readings).lastSeq.rawValue) + 1))
    return Eventually.holds { site.journal.consumers(of: .readings).map(\.name) == expected }
}

@Test func idleConsumersExpireAfterThirtyDaysUnlessTheConfigurationNamesThem() throws {
    let site = try Site()
    try site.append(.numbered(1))
    let epoch = site.journal.epoch
    try site.journal.declare([RequiredConsumer("mas", .readings)], named: ["lake"])
    for name in ["lake", "visitor"] {
        try site.journal.acknowledge(name, .readings, upTo: SequenceNumber(1), epoch: epoch)
    }
    site.clock.advance(by: .seconds(29 * 86_400))
    try site.journal.acknowledge("newer", .readings, upTo: SequenceNumber(1), epoch: epoch)
    #expect(try consumers(site, become: ["lake", "mas", "newer", "visitor"]))
    // Closing counts what has run, and a new start goes on counting.
    site.clock.advance(by: .seconds(86_400 / 2))
    try site.restart()
    try site.journal.declare([RequiredConsumer("mas", .readings)], named: ["lake"])
    #expect(try consumers(site, become: ["lake", "mas", "newer", "visitor"]))
    site.clock.advance(by: .seconds(86_400))
    #expect(try consumers(site, become: ["lake", "mas", "newer"]))
    try site.restart()
    #expect(site.journal.consumers(of: .readings).map(\.name) == ["lake", "mas", "newer"])
}

@Test func aJumpOfTheWallClockMakesNobodyExpire() throws {
    let site = try Site()
    try site.append((1...10).map { .numbered($0) })
    let epoch = site.journal.epoch
    try site.journal.acknowledge("visitor", .readings, upTo: SequenceNumber(7), epoch: epoch)
    for days: Int64 in [31, 4_000, -9_000, 20_000] {
        let now = site.clock.now().wall.milliseconds
        site.clock.setWall(milliseconds: max(0, now + days * 86_400_000), trusted: true)
        // The hour after which the writer looks.
        site.clock.advance(by: .seconds(3_601))
        #expect(try consumers(site, become: ["visitor"]))
        try site.restart()
        try site.journal.declare([])
        #expect(site.journal.cursor("visitor", .readings) == SequenceNumber(7))
    }
}

@Test func refusedRecordsAreKeptWithTheirReason() throws {
    let site = try Site()
    try site.append(.numbered(1), .numbered(2))
    for record in try site.records() {
        try site.journal.refuse(record, identity: "id-\(record.seq)", by: "mas", reason: "bad envelope", status: 422)
    }
    try site.restart()
    let refused = try site.journal.refused(by: "mas")
    #expect(refused.map(\.identity) == ["id-1", "id-2"])
    #expect(refused.allSatisfy { $0.status == 422 && $0.reason == "bad envelope" && $0.stream == .readings })
    #expect(try site.journal.forget(refused: refused[0].id))
    #expect(try !site.journal.forget(refused: refused[0].id))
    #expect(site.journal.refusedCount(by: "mas") == 1 && site.journal.refusedCount(by: "other") == 0)
}
