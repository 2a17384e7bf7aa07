import GatewayModel
import GatewayTestKit
import Journal
import SQLite
import Testing

private let right: Int64 = 1_790_000_000_000
/// The wall clock minus the monotonic clock, when right.
private let offset = right - 60_000

/// A site whose box has just booted and believes it is 1970.
private func siteIn1970(segmentSize: Int64 = 64 << 20) throws -> Site {
    let site = try Site(segmentSize: segmentSize)
    site.clock.setWall(milliseconds: 60_000, trusted: false)
    try site.journal.note(clock: site.clock.now())
    return site
}

/// The clock is set to what it should have been.
private func setRight(_ site: Site) throws {
    let monotonic = site.clock.now().monotonicMilliseconds
    site.clock.setWall(milliseconds: monotonic + offset, trusted: true)
    try site.journal.note(clock: site.clock.now())
}

private func corrections(_ site: Site) throws -> [String] {
    try site.records(.events).filter { $0.kind == "clock_correction" }.compactMap(\.body)
}

@Test func recordsOf1970HaveTheirRightTimeOnceItIsKnown() throws {
    let site = try siteIn1970()
    try site.append(.numbered(1))
    site.clock.advance(by: .seconds(10))
    try site.append(.numbered(2))
    let before = try site.records()
    #expect(before.map(\.received.wall) == [60_000, 70_000].map { Timestamp(milliseconds: $0, trusted: false) })
    #expect(before.allSatisfy { $0.flags.contains(.clockUntrusted) })
    try setRight(site)
    site.clock.advance(by: .seconds(10))
    try site.append(.numbered(3))
    for isRestarted in [false, true] {
        if isRestarted { try site.restart() }
        let after = try site.records()
        #expect(after.map(\.received.wall.milliseconds) == [right, right + 10_000, right + 20_000])
        #expect(after.allSatisfy { $0.received.wall.trusted })
        #expect(after.map { $0.flags.contains(.clockCorrected) } == [true, true, false])
        #expect(after.allSatisfy { !$0.flags.contains(.clockUntrusted) })
    }
    #expect(
        try corrections(site) == [#"{"boot":"b7e1","offset_ms":\#(offset),"ranges":{"readings":{"from":1,"to":2}}}"#])
}

@Test func queriesAndSQLFindCorrectedRecordsByTheirRightTime() throws {
    let site = try siteIn1970(segmentSize: 256 << 10)
    // Enough for sealed segments, whose times are written down.
    for round in 0..<20 {
        site.clock.advance(by: .seconds(1))
        try site.append((0..<500).map { .numbered(UInt32(round * 500 + $0 + 1)) })
    }
    try setRight(site)
    let device = try #require(DeviceID("board-1"))
    var count = 0
    try site.journal.readings(device: device, from: right + 5_000, to: right + 7_000) { row in
        #expect(row.time.trusted)
        count += 1
        return true
    }
    #expect(count == 2_000)
    let connection = try JournalSQL.open(dataDirectory: site.path)
    #expect(
        try connection.firstRow(
            "SELECT count(*) FROM readings WHERE time_ms >= \(right + 5_000) AND time_ms < \(right + 7_000)"
        ) { $0.int64(0) } == 2_000)
    #expect(try connection.firstRow("SELECT count(*) FROM readings WHERE time_ms < \(right)") { $0.int64(0) } == 0)
    #expect(try site.journal.latest().allSatisfy { $0.time.milliseconds == right + 20_000 })
}

@Test func aClockThatWasAlwaysRightCorrectsNothing() throws {
    let site = try Site()
    try site.journal.note(clock: site.clock.now())
    try site.append(.numbered(1))
    site.clock.advance(by: .seconds(3_600))
    try site.journal.note(clock: site.clock.now())
    try site.restart()
    try site.journal.note(clock: site.clock.now())
    #expect(try corrections(site).isEmpty)
    #expect(try site.records().allSatisfy { !$0.flags.contains(.clockCorrected) })
}

@Test func aDeathBeforeTheEventDoesNotKeepConsumersFromBeingTold() throws {
    let site = try siteIn1970()
    try site.append(.numbered(1))
    try site.kill()
    try setRight(site)
    #expect(try corrections(site).count == 1)
    try site.kill()
    try site.journal.note(clock: site.clock.now())
    #expect(try corrections(site).count == 1, "told once")
}

@Test func aSpellOfWrongTimeInTheMiddleIsCorrectedToo() throws {
    let site = try Site()
    site.clock.setWall(milliseconds: right, trusted: true)
    try site.journal.note(clock: site.clock.now())
    try site.append(.numbered(1))
    site.clock.setWall(milliseconds: 0, trusted: false)
    site.clock.advance(by: .seconds(5))
    try site.append(.numbered(2))
    #expect(try site.records().map(\.received.wall.milliseconds) == [right, right + 5_000])
    try setRight(site)
    try site.append(.numbered(3))
    #expect(
        try corrections(site) == [#"{"boot":"b7e1","offset_ms":\#(offset),"ranges":{"readings":{"from":2,"to":2}}}"#])
}

@Test func anotherTimeThanTheOneBelievedIsToldAgain() throws {
    let site = try siteIn1970()
    try site.append(.numbered(1))
    try setRight(site)
    site.clock.setWall(milliseconds: right + 300_000, trusted: true)
    try site.journal.note(clock: site.clock.now())
    #expect(try site.records().map(\.received.wall.milliseconds) == [right + 300_000])
    #expect(try corrections(site).count == 2)
}

/// Whether `state.db` says that records of this boot may need a correction.
private func mayConcern(_ site: Site) throws -> Bool? {
    try Connection(path: site.path + "/state.db", access: .readOnly).firstRow("SELECT untrusted FROM clock_boot") {
        $0.int64(0) != 0
    }
}

@Test func whetherABootHasUntrustedRecordsIsKnownWithoutReadingIt() throws {
    let site = try Site()
    try site.journal.note(clock: site.clock.now())
    try site.append(.numbered(1))
    #expect(try mayConcern(site) == false)
    site.clock.setWall(milliseconds: 0, trusted: false)
    try site.journal.note(clock: site.clock.now())
    #expect(try mayConcern(site) == true, "written down first")
    try setRight(site)
    #expect(try mayConcern(site) == false, "nothing was stored meanwhile")
    site.clock.setWall(milliseconds: 0, trusted: false)
    try site.append(.numbered(2))
    try setRight(site)
    #expect(try corrections(site).count == 1)
    #expect(try mayConcern(site) == true)
    try site.restart()
    site.clock.setWall(milliseconds: right + 300_000, trusted: true)
    try site.journal.note(clock: site.clock.now())
    #expect(try corrections(site).count == 2)
}

@Test func aBootThatIsKnownToHaveNoneIsNotReadWhenItsClockIsSet() throws {
    let site = try siteIn1970()
    try site.append(.numbered(1))
    try setRight(site)
    // The record would be found if the journal were read.
    try site.kill {
        do {
            let state = try Connection(path: site.path + "/state.db", access: .readWrite)
            try state.run("UPDATE clock_boot SET untrusted = 0")
        } catch { Issue.record(error) }
    }
    site.clock.setWall(milliseconds: right + 300_000, trusted: true)
    try site.journal.note(clock: site.clock.now())
    #expect(try corrections(site).count == 1)
}

@Test func notesAreCorrectedAndTheirRangesTold() throws {
    let site = try siteIn1970()
    var batch = ObservationBatch()
    batch.append(Note(.audit, kind: "command_submitted", received: site.clock.now()))
    try site.journal.append(batch)
    try setRight(site)
    #expect(try site.records(.audit).map(\.received.wall) == [Timestamp(milliseconds: right, trusted: true)])
    #expect(try corrections(site) == [#"{"boot":"b7e1","offset_ms":\#(offset),"ranges":{"audit":{"from":1,"to":1}}}"#])
}

@Test func aDeviceTimeThatTurnsOutToLieAheadIsNotTold() throws {
    let site = try siteIn1970()
    var batch = ObservationBatch()
    let device = try #require(DeviceID("board-1").flatMap { DeviceName($0) })
    for ahead in [Int64(1_000), 400_000] {
        var observation = Observation(device: device, received: site.clock.now(), source: .mqtt)
        observation.payloadHash = UInt64(ahead)
        observation.deviceTime = Timestamp(milliseconds: right + ahead, trusted: true)
        batch.append(observation)
    }
    try site.journal.append(batch)
    try setRight(site)
    #expect(try site.records().map { $0.deviceTime?.trusted } == [true, false])
}

@Test func theFloorIsRememberedRarely() throws {
    let site = try Site()
    let start = site.clock.now().wall.milliseconds
    func floor() throws -> Int64? {
        let state = try Database(path: site.path + "/state.db")
        return try Journal.clockMemory(state, boot: "b7e1").floor
    }
    try site.journal.note(clock: site.clock.now())
    #expect(try floor() == start)
    site.clock.advance(by: .seconds(300))
    try site.journal.note(clock: site.clock.now())
    #expect(try floor() == start)
    site.clock.advance(by: .seconds(300))
    try site.journal.note(clock: site.clock.now())
    #expect(try floor() == start + 600_000)
    site.clock.setWall(milliseconds: start + 999_000_000, trusted: false)
    try site.journal.note(clock: site.clock.now())
    #expect(try floor() == start + 600_000)
    #expect(try Journal.clockMemory(try Database(path: site.path + "/state.db"), boot: "b7e1").offset == start - 60_000)
}
