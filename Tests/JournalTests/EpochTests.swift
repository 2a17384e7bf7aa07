import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import SQLite
import Testing

@Test func theEpochOutlivesRestartsAndKills() throws {
    let site = try Site()
    let epoch = site.journal.epoch
    #expect(epoch.count == 16)
    try site.append(.numbered(1))
    try site.restart()
    try site.append(.numbered(2))
    try site.kill()
    try site.append(.numbered(3))
    #expect(site.journal.epoch == epoch)
    #expect(try site.records().map(\.seq.rawValue) == [1, 2, 3])
}

@Test func aLostStateBeginsANewEpochAndRecordsKeepTheirIdentity() throws {
    let site = try Site()
    let epoch = site.journal.epoch
    try site.append(.numbered(1), .numbered(2))
    site.journal.close()
    for suffix in ["", "-wal", "-shm"] { unlink(site.path + "/state.db" + suffix) }
    try site.restart()
    #expect(site.journal.epoch != epoch)
    #expect(try site.append(.numbered(2), .numbered(3)).outcomes == [.duplicate, .stored(SequenceNumber(3))])
    #expect(try site.records().map(\.epoch) == [epoch, epoch, site.journal.epoch])
}

@Test func aLostTailBeginsANewEpochAndItsNumbersAreNotUsedAgain() throws {
    let site = try Site()
    let epoch = site.journal.epoch
    try site.append(.numbered(1), .numbered(2))
    let old = try TemporaryFolder("journal-old")
    try copyTree(site.path + "/journal", old.path)
    try site.append(.numbered(3), .numbered(4))
    try site.journal.declare([RequiredConsumer("mas", .readings)])
    try site.journal.acknowledge("mas", .readings, upTo: SequenceNumber(4), epoch: epoch)
    site.journal.close()
    try removeTree(site.path + "/journal")
    try copyTree(old.path, site.path + "/journal")
    try site.restart()
    #expect(site.journal.epoch != epoch)
    #expect(try site.append(.numbered(9)).outcomes == [.stored(SequenceNumber(5))])
    let page = try site.journal.read(.readings, after: .zero, limit: 10)
    #expect(page.gaps == [StreamGap(from: SequenceNumber(3), to: SequenceNumber(4), count: 2, reason: "lost_tail")])
    #expect(page.records.map(\.seq.rawValue) == [1, 2, 5])
    #expect(site.journal.counters.losses == [.readings: 2])
    #expect(site.journal.cursor("mas", .readings) == SequenceNumber(4))
    #expect(site.journal.consumers(of: .readings).first?.isRequired == true)
    #expect(throws: JournalError.epochChanged(current: site.journal.epoch, first: SequenceNumber(1))) {
        try site.journal.read(.readings, after: .zero, limit: 1, epoch: epoch)
    }
}

@Test func anOlderStateBeginsANewEpoch() throws {
    let site = try Site()
    let epoch = site.journal.epoch
    try site.append(.numbered(1))
    site.journal.close()
    try Connection(path: site.path + "/state.db").execute("VACUUM INTO '\(site.path)/old.db'")
    let old = read(site.path + "/old.db")
    try site.restart()
    try site.append(.numbered(2))
    site.journal.close()
    for suffix in ["", "-wal", "-shm"] { unlink(site.path + "/state.db" + suffix) }
    write(old, to: site.path + "/state.db")
    try site.restart()
    #expect(site.journal.epoch != epoch)
    #expect(try site.append(.numbered(3)).outcomes == [.stored(SequenceNumber(3))])
}

@Test func numbersBeyondTheReservationBeginANewEpoch() throws {
    let site = try Site()
    let epoch = site.journal.epoch
    try site.append(.numbered(1), .numbered(2))
    site.journal.close()
    let state = try Database(path: site.path + "/state.db")
    try state.write { connection throws(SQLiteError) in try connection.run("UPDATE journal_reserved SET up_to = 1") }
    try site.restart()
    #expect(site.journal.epoch != epoch)
}

/// As with a right to read that is missing, or no descriptor left: nothing is to be concluded from that.
@Test(arguments: ["0000000000000001.db", ""])
func aSegmentOrFolderThatCannotBeOpenedKeepsTheJournalClosedAndIsNotTouched(name: String) throws {
    let site = try Site()
    try site.append(.numbered(1), .numbered(2))
    let epoch = site.journal.epoch
    site.journal.close()
    let path = site.path + "/journal/readings" + (name.isEmpty ? "" : "/" + name)
    try #require(rename(path, path + ".kept") == 0 && symlink(path, path) == 0)
    #expect(throws: JournalError.self) { try site.restart() }
    try #require(unlink(path) == 0 && rename(path + ".kept", path) == 0)
    try site.restart()
    #expect(site.journal.epoch == epoch)
    #expect(try site.records().map(\.seq.rawValue) == [1, 2])
    #expect(site.journal.losses(of: .readings).isEmpty)
}
