import GatewayModel
import GatewayTestKit
import Glibc
import Journal
import Testing

/// What a power cut can leave of a sealing: SQLite removes the rollback journal without waiting until that is durable, so it
/// can be there again beside a segment that has been finished, with checksums, since.
struct BrokenSealingTests {
    /// The rollback journal of a transaction that changed only the first page (SQLite file format, section 3).
    private func rollbackJournal(before page: [UInt8], pageCount: Int) -> [UInt8] {
        func bigEndian(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let nonce = 0x5A17
        let sectorSize = 512
        var bytes: [UInt8] = [0xD9, 0xD5, 0x05, 0xF9, 0x20, 0xA1, 0x63, 0xD7]
        for field in [1, nonce, pageCount, sectorSize, page.count] { bytes += bigEndian(field) }
        bytes += [UInt8](repeating: 0, count: sectorSize - bytes.count)
        let sum = stride(from: page.count - 200, to: 0, by: -200).reduce(nonce) { $0 + Int(page[$1]) }
        return bytes + bigEndian(1) + page + bigEndian(sum)
    }

    @Test func aRollbackJournalThatIsThereAgainCostsNoRecordAndNoSegment() throws {
        let site = try Site(segmentSize: 256 << 10)
        for round in 0..<UInt32(10) { try site.append((0..<1_000).map { .numbered(round * 1_000 + $0 + 1) }) }
        try site.restart()
        site.journal.close()
        let folder = site.path + "/journal/readings/"
        let segment = folder + (try #require(names(in: folder).first { $0.hasSuffix(".db") }))
        let bytes = read(segment)
        let pageSize = Int(bytes[16]) << 8 | Int(bytes[17])
        var page = Array(bytes[..<pageSize])
        #expect(page[18] == 1 && page[19] == 1)
        // As it was before the sealing: write-ahead logging.
        page[18] = 2
        page[19] = 2
        write(rollbackJournal(before: page, pageCount: bytes.count / pageSize), to: segment + "-journal")

        try site.restart()
        #expect(try site.records().map(\.seq.rawValue) == Array(1...10_000))
        #expect(names(in: site.path + "/damaged").isEmpty)
        #expect(site.journal.counters.losses.isEmpty)
        #expect(!names(in: folder).contains { $0.hasSuffix("-journal") })
        // It is sealed again beside the work.
        try site.append(.numbered(10_001))
        #expect(Eventually.holds { Array(read(segment)[18..<20]) == [1, 1] })
        #expect(try site.records().count == 10_001)
    }
}
