import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import Testing

/// A store on a disk of eight megabytes. Mounts a small file system, which not everybody may.
@Suite(.serialized, .enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs: run as root"))
struct SmallStoreTests {
    private func fill(_ site: Site, _ rounds: Int, count: UInt32 = 1_000) throws {
        for _ in 0..<rounds {
            let start = UInt32(site.journal.status(of: .readings).lastSeq.rawValue)
            try site.append((0..<count).map { .numbered(start + $0 + 1) })
        }
    }

    private func tell(_ site: Site, _ stream: StreamName, _ count: Int) throws {
        for number in 0..<count {
            var batch = ObservationBatch()
            batch.append(Note(stream, kind: "told", body: "{\"number\":\(number)}", received: site.clock.now()))
            try site.journal.append(batch)
        }
    }

    private func size(of path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    /// Every number is there or told as gone.
    private func expectWhole(_ site: Site, _ count: Int64) throws {
        var expected: Int64 = 1
        var after = SequenceNumber.zero
        var more = true
        while more {
            let page = try site.journal.read(.readings, after: after, limit: 10_000)
            for entry in page.entries {
                switch entry {
                case .gap(let gap):
                    #expect(gap.from.rawValue == expected)
                    expected = gap.to.rawValue + 1
                case .record(let record):
                    #expect(record.seq.rawValue == expected)
                    expected += 1
                }
            }
            after = page.next
            more = page.more
        }
        #expect(expected == count + 1)
        let gone = site.journal.losses(of: .readings).reduce(0) { $0 + $1.gap.count }
        #expect(gone == site.journal.status(of: .readings).firstSeq.rawValue - 1)
    }

    @Test func eightMegabytesHoldTheNewestAndTheLedgerTheRest() throws {
        let disk = try SmallDisk(8 << 20)
        let site = try Site(path: disk.path, hasReserve: true)
        defer { site.journal.close() }
        try site.journal.declare([RequiredConsumer("mas", .readings)])
        try tell(site, .audit, 20)
        var walMax = (state: Int64(0), segment: Int64(0))
        for _ in 0..<120 {
            try fill(site, 4)
            try tell(site, .events, 1)
            walMax.state = max(walMax.state, size(of: disk.path + "/state.db-wal"))
            let folder = disk.path + "/journal/readings"
            let logs = names(in: folder).filter { $0.hasSuffix("-wal") }
            walMax.segment = max(walMax.segment, logs.map { size(of: "\(folder)/\($0)") }.max() ?? 0)
        }
        #expect(walMax.state <= 192 << 10, "an eighth of a megabyte, and what one transaction adds")
        #expect(walMax.segment <= 128 << 10, "an eighth of a segment, and what one batch adds")
        #expect(site.journal.isWritable)
        #expect(site.journal.counters.failedCommits == 0)
        try expectWhole(site, 480_000)
        let status = site.journal.status(of: .readings)
        #expect(status.bytes > 5 << 20, "the disk is used")
        #expect(site.journal.counters.losses == [.readings: status.firstSeq.rawValue - 1])
        #expect(try site.records(.audit).prefix(20).allSatisfy { $0.kind == "told" })
        #expect(try site.kinds().count == 120)
        #expect(site.reserve?.isWhole == true)
        try site.restart()
        try expectWhole(site, 480_000)
    }

    @Test func atZeroFreeBytesIntakeAndReadingAndCursorsAndTheAuditGoOn() throws {
        let disk = try SmallDisk(8 << 20)
        let site = try Site(path: disk.path, hasReserve: true)
        defer { site.journal.close() }
        try site.journal.declare([RequiredConsumer("mas", .readings)])
        try fill(site, 60)
        disk.fill()
        #expect(DiskSpace.of(disk.path)?.available == 0)
        try fill(site, 60)
        try tell(site, .audit, 300)
        try tell(site, .events, 300)
        let last = site.journal.status(of: .readings).lastSeq
        let cursor = SequenceNumber(last.rawValue - 10)
        #expect(try site.journal.acknowledge("mas", .readings, upTo: cursor, epoch: site.journal.epoch) == cursor)
        try expectWhole(site, 120_000)
        #expect(try site.records(.audit).count { $0.kind == "told" } == 300)
        #expect(try site.kinds().count == 300)
        // Files with holes take more room as copies.
        disk.free()
        try site.kill { disk.fill() }
        try fill(site, 30)
        try expectWhole(site, 150_000)
        disk.fill()
        try site.restart()
        try fill(site, 30)
        try expectWhole(site, 180_000)
        disk.free()
        try fill(site, 1)
        #expect(site.reserve?.isWhole == true)
    }

    @Test func theReserveIsForTheRareAndImportantAlone() throws {
        let disk = try SmallDisk(8 << 20)
        let site = try Site(path: disk.path, hasReserve: true)
        defer { site.journal.close() }
        try fill(site, 1)
        try tell(site, .audit, 1)
        try tell(site, .events, 1)
        disk.fill()
        // There is one segment, the newest, and nothing else to give up.
        var refused = false
        for _ in 0..<200 where !refused {
            do { try fill(site, 1, count: 200) } catch JournalError.full { refused = true }
        }
        #expect(refused)
        let last = site.journal.status(of: .readings).lastSeq
        try tell(site, .audit, 500)
        try tell(site, .events, 500)
        #expect(throws: JournalError.self) { try fill(site, 1) }
        #expect(site.journal.status(of: .readings).lastSeq == last)
        #expect(try site.records().count == Int(last.rawValue))
        #expect(site.journal.counters.losses.isEmpty)
        disk.free()
        try fill(site, 1)
        #expect(site.journal.isWritable)
    }

    @Test func theReserveLetsTheStateGrowOnAFullDisk() throws {
        let disk = try SmallDisk(8 << 20)
        let site = try Site(path: disk.path, hasReserve: true)
        defer { site.journal.close() }
        try fill(site, 1)
        disk.fill()
        let record = try #require(try site.records().first)
        for number in 0..<80 {
            try site.journal.refuse(
                record, identity: "\(number)", by: "mas", reason: String(repeating: "r", count: 1_000), status: 400)
        }
        #expect(site.journal.refusedCount(by: "mas") == 80)
        #expect(site.reserve?.bytes == 0)
        disk.free()
        try fill(site, 1)
        #expect(site.reserve?.isWhole == true)
    }

    @Test func theJournalIsNotEatenUpByOthers() throws {
        let disk = try SmallDisk(8 << 20)
        let site = try Site(path: disk.path, hasReserve: true)
        defer { site.journal.close() }
        try fill(site, 120)
        site.clock.advance(by: .seconds(1))
        try fill(site, 1)
        let before = site.journal.status(of: .readings).bytes
        for _ in 0..<40 {
            disk.fill()
            // Refused or stored: both are right.
            _ = try? site.append((0..<10).map { _ in Message(id: "\(site.clock.now())", payload: 1) })
        }
        #expect(site.journal.status(of: .readings).bytes > before - 8 * (256 << 10))
        disk.free()
        try fill(site, 1)
        #expect(site.journal.isWritable)
    }
}
