import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import Testing

/// Segments with holes in them: what their other pages hold is saved, the rest is told.
@Suite struct SalvageTests {
    private static let segmentSize: Int64 = 256 << 10
    /// Of segments this small.
    private static let pageSize = 1_024

    /// A closed journal of some segments, all but the newest sealed; and the numbers of records in it.
    private static func filled(_ count: Int = 24_000) throws -> Site {
        let site = try Site(segmentSize: segmentSize)
        for start in stride(from: 0, to: count, by: 1_000) {
            try site.append((1...1_000).map { .numbered(UInt32(start + $0)) })
            site.clock.advance(by: .milliseconds(1_100))
        }
        site.journal.close()
        return site
    }

    private static func segments(_ path: String) -> [String] {
        names(in: path + "/journal/readings").filter { $0.hasSuffix(".db") }.map { path + "/journal/readings/" + $0 }
    }

    private static func damage(_ path: String, _ change: (inout [UInt8]) -> Void) {
        var bytes = read(path)
        change(&bytes)
        chmod(path, 0o600)
        write(bytes, to: path)
    }

    private struct Found {
        var records: [StoredRecord] = []
        var lost: Int64 = 0
    }

    private static func everything(_ journal: Journal) throws -> Found {
        var found = Found()
        var after = SequenceNumber.zero
        while after < journal.status(of: .readings).lastSeq {
            let page = try journal.read(.readings, after: after, limit: 1_000)
            found.records += page.records
            found.lost += page.gaps.reduce(0) { $0 + $1.count }
            #expect(page.next > after)
            after = page.next
        }
        return found
    }

    /// What is damaged where the writer is at work is mended when the writer comes round.
    private static func patiently(_ body: () throws -> Found) throws -> Found {
        var found: Found?
        #expect(
            Eventually.holds {
                // Refused until then.
                found = try? body()
                return found != nil
            })
        return try #require(found)
    }

    struct Hole: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// At most so many records may be lost of a segment of some 9,000.
        var lostMax: Int64
        var make: @Sendable (inout [UInt8]) -> Void
    }

    static let holes: [Hole] = [
        Hole(testDescription: "the first page zeroed", lostMax: 0) { zero(&$0, 0) },
        Hole(testDescription: "the root of the records zeroed", lostMax: 0) { zero(&$0, 8) },
        Hole(testDescription: "a page of records zeroed", lostMax: 250) { zero(&$0, 20) },
        Hole(testDescription: "every tenth page zeroed", lostMax: 2_000) { bytes in
            for page in stride(from: 12, to: bytes.count / pageSize, by: 10) { zero(&bytes, page) }
        },
        Hole(testDescription: "half of it gone", lostMax: 5_600) { $0.removeLast($0.count / 2) },
        Hole(testDescription: "page size lost", lostMax: 0) {
            $0.replaceSubrange(0..<40, with: repeatElement(0xFF, count: 40))
        },
        Hole(testDescription: "the devices lost", lostMax: .max) { zero(&$0, 2) },
        Hole(testDescription: "the description lost", lostMax: .max) { zero(&$0, 1) },
        Hole(testDescription: "all zeroes", lostMax: .max) { $0 = [UInt8](repeating: 0, count: $0.count) },
        Hole(testDescription: "empty", lostMax: .max) { $0 = [] },
    ]

    private static func zero(_ bytes: inout [UInt8], _ page: Int) {
        bytes.replaceSubrange(page * pageSize..<(page + 1) * pageSize, with: repeatElement(0, count: pageSize))
    }

    @Test(arguments: holes) func aHoleInASealedSegmentCostsWhatWasInItAndNoMore(_ hole: Hole) throws {
        let site = try Self.filled()
        let segments = Self.segments(site.path)
        let before = try Site.open(site.path, site.clock, Self.segmentSize)
        let all = try Self.everything(before).records
        before.close()
        #expect(all.count == 24_000)
        Self.damage(segments[1], hole.make)
        let journal = try Site.open(site.path, site.clock, Self.segmentSize)
        let found = try Self.everything(journal)
        #expect(Int64(found.records.count) + found.lost == 24_000)
        #expect(found.lost <= hole.lostMax)
        let isSame = Dictionary(uniqueKeysWithValues: all.map { ($0.seq, $0) })
        #expect(found.records.allSatisfy { isSame[$0.seq] == $0 })
        #expect(journal.counters.losses[.readings] ?? 0 == found.lost)
        let report = try #require(journal.damage.first)
        #expect(report.lost == found.lost && report.stream == .readings)
        #expect(journal.damagedFiles.count == 1)
        // The newest segment is whole: numbers go on as they were.
        #expect(journal.epoch == all[0].epoch)
        #expect(try journal.append(site.batch([.numbered(24_001)])).stored == 1)
        journal.close()
        let again = try Site.open(site.path, site.clock, Self.segmentSize)
        #expect(again.damage.isEmpty && again.damagedFiles.count == 1)
        #expect(try Self.everything(again).records.count == found.records.count + 1)
        let events = try again.read(.events, after: .zero, limit: 10).records
        #expect(events.contains { $0.kind == "segment_damaged" })
        again.close()
    }

    @Test func aSegmentThatWasRemovedIsEnteredAndToldOnce() throws {
        let site = try Self.filled()
        let segments = Self.segments(site.path)
        let before = try Site.open(site.path, site.clock, Self.segmentSize)
        let all = try Self.everything(before).records
        before.close()
        #expect(unlink(segments[1]) == 0)
        let journal = try Site.open(site.path, site.clock, Self.segmentSize)
        let found = try Self.everything(journal)
        #expect(found.lost > 1_000)
        #expect(Int64(found.records.count) + found.lost == 24_000)
        let isSame = Dictionary(uniqueKeysWithValues: all.map { ($0.seq, $0) })
        #expect(found.records.allSatisfy { isSame[$0.seq] == $0 })
        #expect(journal.counters.losses[.readings] == found.lost)
        #expect(journal.damage.map(\.lost) == [found.lost])
        #expect(try Self.everything(journal).records.count == found.records.count)
        #expect(journal.damage.count == 1)
        // What is told goes with the next commit.
        #expect(try journal.append(site.batch([.numbered(24_001)])).stored == 1)
        journal.close()
        let again = try Site.open(site.path, site.clock, Self.segmentSize)
        #expect(try Self.everything(again).records.count == found.records.count + 1)
        #expect(again.damage.isEmpty)
        #expect(try again.read(.events, after: .zero, limit: 10).records.contains { $0.kind == "segment_damaged" })
        again.close()
    }

    @Test func aHoleInTheSegmentBeingWrittenIsMendedWhileItRuns() throws {
        let site = try Self.filled(3_000)
        Self.damage(try #require(Self.segments(site.path).last)) { Self.zero(&$0, 15) }
        let journal = try Site.open(site.path, site.clock, Self.segmentSize)
        #expect(Eventually.holds { !journal.damage.isEmpty })
        let found = try Self.everything(journal)
        #expect(Int64(found.records.count) + found.lost == 3_000 && (1...250).contains(found.lost))
        #expect(try journal.append(site.batch([.numbered(3_001)])).outcomes == [.stored(SequenceNumber(3_001))])
        journal.close()
    }

    @Test func aDamagedLogLosesWhatStoodInTheDamagedPagesAndBeginsANewEpoch() throws {
        let site = try Site()
        for start in stride(from: 0, to: 3_000, by: 100) {
            try site.append((1...100).map { .numbered(UInt32(start + $0)) })
            site.clock.advance(by: .milliseconds(1_100))
        }
        let epoch = site.journal.epoch
        #expect(Eventually.holds { site.journal.answers })
        let copy = try TemporaryFolder("journal-log")
        try copyTree(site.path, copy.path)
        let log = Self.segments(copy.path)[0] + "-wal"
        let size = read(log).count
        #expect(size > 100_000)
        Self.damage(log) { $0[size / 2] ^= 0x10 }
        let journal = try Site.open(copy.path, site.clock)
        let found = try Self.everything(journal)
        #expect(found.records.count > 2_500)
        #expect(Int64(found.records.count) + found.lost >= 2_900)
        #expect(journal.epoch != epoch)
        #expect(journal.damage.first?.reason == "its log is damaged")
        #expect(try journal.append(site.batch([.numbered(50_001)])).stored == 1)
        journal.close()
    }

    @Test func aRepairThatIsBrokenOffIsFinishedAtTheNextStart() throws {
        let site = try Self.filled()
        let segments = Self.segments(site.path)
        Self.damage(segments[1]) { Self.zero(&$0, 20) }
        let journal = try Site.open(site.path, site.clock, Self.segmentSize)
        let found = try Self.everything(journal)
        journal.close()
        // Set aside, but the replacement has not got its name yet; the log of the damaged one still lies about.
        #expect(rename(segments[1], segments[1] + ".salvaged") == 0)
        write([1, 2, 3], to: segments[1] + "-wal")
        let again = try Site.open(site.path, site.clock, Self.segmentSize)
        #expect(try Self.everything(again).records == found.records)
        again.close()
    }

    /// Any damage to any file of the journal: it starts, gives out what is left and takes more.
    @Test(.timeLimit(.minutes(5))) func noDamageKeepsTheJournalFromStartingAndGoingOn() throws {
        let site = try Self.filled(16_000)
        let count = Self.segments(site.path).count
        for seed in 1...60 as ClosedRange<UInt64> {
            var random = SeededRandom(seed: seed)
            let copy = try TemporaryFolder("journal-damaged")
            try copyTree(site.path, copy.path)
            let victim = Self.segments(copy.path)[random.integer(in: 0...count - 1)]
            Self.damage(victim) { Self.spoil(&$0, &random) }
            let journal: Journal
            do { journal = try Site.open(copy.path, site.clock, Self.segmentSize) } catch JournalError.unusable(let why)
            {
                #expect(why.contains("segment format"))
                continue
            }
            _ = try? journal.append(site.batch([.numbered(50_000)]))
            #expect(throws: Never.self, "seed \(seed)") { try journal.append(site.batch([.numbered(50_001)])) }
            let found = try Self.everything(journal)
            #expect(
                Int64(found.records.count) + found.lost == journal.status(of: .readings).lastSeq.rawValue,
                "seed \(seed)")
            journal.close()
        }
    }

    private static func spoil(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        switch random.integer(in: 0...3) {
        case 0: bytes.removeLast(random.integer(in: 1...bytes.count))
        case 1: zero(&bytes, random.integer(in: 0...bytes.count / pageSize - 1))
        case 2:
            let start = random.integer(in: 0...bytes.count - 1)
            let end = min(bytes.count, start + random.integer(in: 1...60_000))
            bytes.replaceSubrange(start..<end, with: random.bytes(end - start))
        default:
            for _ in 0..<random.integer(in: 1...200) {
                bytes[random.integer(in: 0...bytes.count - 1)] ^= UInt8(1 << random.integer(in: 0...7))
            }
        }
    }
}
