import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import SQLite
import Testing

/// A bit that flips in a sealed segment changes no record: what is read is what was written, or a loss that is told.
@Suite struct FlippedBitTests {
    private static let segmentSize: Int64 = 256 << 10

    private struct Filled {
        let site: Site
        let sealed: [String]
        let records: [SequenceNumber: StoredRecord]
    }

    private static func everything(_ journal: Journal) throws -> (records: [StoredRecord], lost: Int64) {
        var records: [StoredRecord] = []
        var lost: Int64 = 0
        var after = SequenceNumber.zero
        while after < journal.status(of: .readings).lastSeq {
            let page = try journal.read(.readings, after: after, limit: 1_000)
            records += page.records
            lost += page.gaps.reduce(0) { $0 + $1.count }
            #expect(page.next > after)
            after = page.next
        }
        return (records, lost)
    }

    private static func filled() throws -> Filled {
        let site = try Site(segmentSize: segmentSize)
        for start in stride(from: 0, to: 24_000, by: 1_000) {
            let messages = (1...1_000).map { number -> Message in
                var message = Message.numbered(UInt32(start + number), device: "board-\(number % 5)")
                message.value = Double((start + number) * 7_919 % 10_007) / 100
                return message
            }
            try site.append(messages)
            site.clock.advance(by: .milliseconds(1_100))
        }
        let folder = site.path + "/journal/readings/"
        let sealed = names(in: folder).filter { $0.hasSuffix(".db") }.dropLast().map { folder + $0 }
        #expect(sealed.count > 1)
        #expect(
            Eventually.holds {
                site.clock.advance(by: .milliseconds(1_100))
                return sealed.allSatisfy { PageSums.exist(of: $0) }
            })
        let records = try everything(site.journal).records
        #expect(records.count == 24_000)
        site.journal.close()
        return Filled(
            site: site, sealed: sealed, records: Dictionary(uniqueKeysWithValues: records.map { ($0.seq, $0) }))
    }

    @Test func eachReadGivesWhatWasWrittenOrALoss() throws {
        let filled = try Self.filled()
        let site = filled.site
        let sound = try TemporaryFolder("sound")
        try copyTree(site.path, sound.path)
        var random = SeededRandom(seed: 1_105)
        var lost = 0
        for round in 0..<25 {
            try removeTree(site.path)
            try copyTree(sound.path, site.path)
            let path = filled.sealed[random.integer(in: 0...filled.sealed.count - 1)]
            var bytes = read(path)
            for _ in 0..<[1, 1, 1, 5, 50][round % 5] {
                bytes[random.integer(in: 0...bytes.count - 1)] ^= UInt8(1 << random.integer(in: 0...7))
            }
            let pages = try #require(PageSums(of: path))
            let size = pages.count * pages.pageSize
            let isHarmless = bytes[..<size] == read(path)[..<size]
            write(bytes, to: path)
            #expect(JournalCheck(dataDirectory: site.path).findings.isEmpty ? isHarmless : true, "round \(round)")
            let journal = try Site.open(site.path, site.clock, Self.segmentSize)
            let found = try Self.everything(journal)
            let wrong = found.records.filter { filled.records[$0.seq] != $0 }
            #expect(wrong.isEmpty, "round \(round): \(wrong.count) changed, first \(String(describing: wrong.first))")
            #expect(Int64(found.records.count) + found.lost == 24_000, "round \(round)")
            #expect(journal.counters.losses[.readings] ?? 0 == found.lost, "round \(round)")
            lost += found.lost > 0 ? 1 : 0
            journal.close()
        }
        // Most pages hold records: a flip in them costs some.
        #expect(lost > 12)
    }

    @Test func aBitThatFlipsWhileTheGatewayRunsIsNoticedToo() throws {
        let filled = try Self.filled()
        let journal = try Site.open(filled.site.path, filled.site.clock, Self.segmentSize, hasThread: false)
        _ = try Self.everything(journal)
        let path = filled.sealed[0]
        var bytes = read(path)
        bytes[30 * 1_024 + 500] ^= 16
        chmod(path, 0o600)
        write(bytes, to: path)
        let found = try Self.everything(journal)
        #expect(found.records.allSatisfy { filled.records[$0.seq] == $0 })
        #expect(found.lost > 0 && Int64(found.records.count) + found.lost == 24_000)
        #expect(journal.damage.count == 1)
        journal.close()
        // Nothing was stored since, and the events tell of it all the same.
        let again = try Site.open(filled.site.path, filled.site.clock, Self.segmentSize)
        let last = again.status(of: .events).lastSeq
        let event = try again.read(.events, after: SequenceNumber(last.rawValue - 1), limit: 1).records.first
        #expect(event?.kind == "segment_damaged")
        again.close()
    }

    @Test func aSealedSegmentWithoutChecksumsGetsThem() throws {
        let filled = try Self.filled()
        let path = filled.sealed[0]
        let bytes = read(path)
        chmod(path, 0o600)
        // As a crash leaves it that comes while they are written.
        write(Array(bytes.dropLast(10)), to: path)
        #expect(!PageSums.exist(of: path))
        let journal = try Site.open(filled.site.path, filled.site.clock, Self.segmentSize)
        #expect(
            Eventually.holds {
                filled.site.clock.advance(by: .milliseconds(1_100))
                return PageSums.exist(of: path)
            })
        #expect(read(path) == bytes)
        #expect(journal.damage.isEmpty)
        journal.close()
    }

    @Test func aFlippedFormatNumberOfTheOpenSegmentIsDamage() throws {
        let site = try Site()
        try site.append((1...100).map { .numbered(UInt32($0)) })
        site.journal.close()
        let path = site.path + "/journal/readings/0000000000000001.db"
        // The number of the format stands at byte 60, big-endian.
        try Connection(path: path, access: .readWrite).pragma("wal_checkpoint(TRUNCATE)")
        var bytes = read(path)
        #expect(Array(bytes[60..<64]) == [0, 0, 0, 1])
        bytes[62] ^= 2
        write(bytes, to: path)
        let journal = try Site.open(site.path, site.clock)
        #expect(try Self.everything(journal).records.count == 100)
        #expect(journal.damage.count == 1)
        journal.close()
    }

    @Test func aSegmentOfANewerFormatIsLeftAlone() throws {
        let site = try Site()
        try site.append(.numbered(1))
        site.journal.close()
        let connection = try Connection(
            path: site.path + "/journal/readings/0000000000000001.db", access: .readWrite)
        try connection.pragma("user_version=2")
        try connection.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)")
        let error = #expect(throws: JournalError.self) { _ = try Site.open(site.path, site.clock) }
        #expect("\(error.map { "\($0)" } ?? "")".contains("segment format 2"))
    }
}
