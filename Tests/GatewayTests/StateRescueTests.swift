@testable import Gateway
import GatewayTestKit
import Glibc
import SQLite
import Testing

/// `state.db` with a damaged header or damaged numbers: set aside and replaced. Of a newer program: left alone.
@Suite struct StateRescueTests {
    private let folder: TemporaryFolder
    private var path: String { folder.file("state.db") }
    private var rescue: StateRescue { StateRescue(dataDirectory: folder.path, migrations: Store.migrations) }

    init() throws {
        folder = try TemporaryFolder("state-rescue")
        let database = try Database(path: folder.file("state.db"))
        try database.migrate(Store.migrations)
    }

    private func open() throws -> StateDamage? {
        let (database, damage) = try rescue.open { path throws(SQLiteError) in try Database(path: path) }
        let version = try database.read { connection throws(SQLiteError) in
            try connection.firstRow("SELECT version FROM schema_versions WHERE module = 'journal'") { $0.int64(0) }
        }
        #expect(version ?? 0 > 0)
        return damage
    }

    private func emptyLog() throws {
        let connection = try Connection(path: path, access: .readWrite)
        try connection.pragma("schema_version")
        #expect(try connection.checkpoint())
    }

    @Test func noFlippedBitOfTheHeaderKeepsItFromOpening() throws {
        try emptyLog()
        let sound = try File.bytes(path)
        var random = SeededRandom(seed: 77)
        for place in 0..<100 {
            var bytes = sound
            bytes[place] ^= UInt8(1 << random.integer(in: 0...7))
            for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
            try File.write(bytes, to: path)
            _ = try open()
            #expect(try open() == nil, "byte \(place)")
        }
        // Of the bytes that name the format, every bit.
        for place in [18, 19, 44, 45, 46, 47] {
            for bit in 0..<8 {
                var bytes = sound
                bytes[place] ^= UInt8(1 << bit)
                for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
                try File.write(bytes, to: path)
                _ = try open()
            }
        }
    }

    @Test func aVersionThatClaimsMoreThanTheTablesShowIsDamage() throws {
        let before = try Connection(path: path)
        try before.run("UPDATE schema_versions SET version = version + 64 WHERE module = 'journal'")
        let damage = try #require(try open())
        #expect(damage.reason.contains("has version"))
        #expect(File.exists(folder.file("damaged/state.db")))
        #expect(try open() == nil)
    }

    @Test func theStateOfANewerProgramIsLeftAlone() throws {
        let newer = try Connection(path: path)
        try newer.execute("CREATE TABLE journal_later (id INTEGER PRIMARY KEY)")
        try newer.run("UPDATE schema_versions SET version = version + 1 WHERE module = 'journal'")
        let error = #expect(throws: SQLiteError.self) { try open() }
        #expect(error?.code == .newerSchema)
        #expect(!File.exists(folder.file("damaged")))
    }
}
