import GatewayTestKit
import Glibc
import SQLite
import Testing

/// Checksums of sealed databases.
@Suite struct PageSumsTests {
    private func sealed(_ folder: TemporaryFolder, rows: Int = 500) throws -> String {
        let path = folder.file("sealed.db")
        let connection = try Connection(path: path)
        try connection.pragma("page_size=1024")
        try connection.transaction { () throws(SQLiteError) in
            try connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
            for row in 0..<rows {
                try connection.run("INSERT INTO t VALUES (?, ?)", .integer(Int64(row)), .text("row \(row)"))
            }
        }
        return path
    }

    private func rows(_ path: String) throws -> [String] {
        try Connection(path: path, access: .immutable).rows("SELECT text FROM t ORDER BY id") { $0.text(0) }
    }

    @Test func aSummedDatabaseIsReadAndCheckedAsBefore() throws {
        let folder = try TemporaryFolder("sums")
        let path = try sealed(folder)
        #expect(!PageSums.exist(of: path) && PageSums.damagedPages(of: path) == nil)
        try PageSums.add(to: path)
        #expect(PageSums.exist(of: path) && PageSums.damagedPages(of: path) == [])
        #expect(try rows(path).count == 500)
        let connection = try Connection(path: path, access: .immutable)
        #expect(try connection.pragma("integrity_check").text == "ok")
        // Sorting needs files of its own.
        try connection.pragma("temp_store=FILE")
        try connection.pragma("cache_size=2")
        #expect(try connection.rows("SELECT text FROM t ORDER BY length(text), text DESC") { $0.text(0) }.count == 500)
        // Whoever reads it without us sees a database like any other.
        #expect(try Connection(path: path, access: .readOnly).pragma("integrity_check").text == "ok")
    }

    @Test func everyFlippedBitOfAPageIsNoticed() throws {
        let folder = try TemporaryFolder("sums")
        let path = try sealed(folder)
        try PageSums.add(to: path)
        let whole = try rows(path)
        let bytes = try File.bytes(path)
        let pages = try #require(PageSums(of: path)).count
        var random = SeededRandom(seed: 3)
        for _ in 0..<300 {
            var spoilt = bytes
            let place = random.integer(in: 0...pages * 1_024 - 1)
            spoilt[place] ^= UInt8(1 << random.integer(in: 0...7))
            try File.write(spoilt, to: path)
            #expect(PageSums.damagedPages(of: path) == [place / 1_024 + 1])
            #expect(throws: SQLiteError.self) { try rows(path) }
        }
        try File.write(bytes, to: path)
        #expect(try rows(path) == whole)
    }

    @Test func damageAmongTheChecksumsTouchesNoOtherPage() throws {
        let folder = try TemporaryFolder("sums")
        let path = try sealed(folder)
        try PageSums.add(to: path)
        let bytes = try File.bytes(path)
        let pages = try #require(PageSums(of: path)).count
        for place in pages * 1_024..<bytes.count {
            var spoilt = bytes
            spoilt[place] ^= 4
            try File.write(spoilt, to: path)
            let found = PageSums.damagedPages(of: path)
            let sum = (place - pages * 1_024 - 16) / 4
            let isMark = place < pages * 1_024 + 16 || place >= bytes.count - 16
            #expect(found == (isMark ? [] : [sum + 1]), "byte \(place)")
        }
    }

    @Test func checksumsThatWereBrokenOffAreNone() throws {
        let folder = try TemporaryFolder("sums")
        let path = try sealed(folder)
        let before = try File.bytes(path)
        try PageSums.add(to: path)
        let after = try File.bytes(path)
        for count in before.count..<after.count {
            try File.write(Array(after[..<count]), to: path)
            #expect(!PageSums.exist(of: path))
            #expect(try rows(path).count == 500)
        }
        try PageSums.add(to: path)
        #expect(try File.bytes(path) == after)
    }

    @Test func aDatabaseThatIsStillWrittenGetsNone() throws {
        let folder = try TemporaryFolder("sums")
        let path = folder.file("open.db")
        let connection = try Connection(path: path)
        try connection.useWriteAheadLog()
        try connection.execute("CREATE TABLE t (id)")
        #expect(throws: SQLiteError.self) { try PageSums.add(to: path) }
    }
}
