import Glibc
import SQLite
import Testing

/// A path in a folder of its own that vanishes with the test.
final class ScratchFile {
    let path: String

    init() {
        var template = Array("/tmp/sqlite-tests-XXXXXX".utf8CString)
        precondition(mkdtemp(&template) != nil, "a temporary folder can be made")
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) + "/odd name?#%.db"
    }

    deinit {
        for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
        if let slash = path.lastIndex(of: "/") { rmdir(String(path[..<slash])) }
    }
}

@Test func valuesOfEveryKindComeBackUnchanged() throws {
    let connection = try Connection(path: ":memory:")
    try connection.execute("CREATE TABLE t (v)")
    let values: [SQLiteValue] = [
        .null, .integer(.min), .integer(.max), .real(0.1), .text(""), .text("grüß\u{0}gott"), .blob([]),
        .blob([0, 255]),
    ]
    for value in values { try connection.run("INSERT INTO t VALUES (?)", value) }
    #expect(try connection.rows("SELECT v FROM t ORDER BY rowid") { $0.value(0) } == values)
}

@Test func aTransactionThatThrowsLeavesNothing() throws {
    let connection = try Connection(path: ":memory:")
    try connection.execute("CREATE TABLE t (v INTEGER PRIMARY KEY)")
    #expect(throws: SQLiteError.self) {
        try connection.transaction { () throws(SQLiteError) in
            try connection.run("INSERT INTO t VALUES (1)")
            try connection.run("INSERT INTO t VALUES (1)")
        }
    }
    #expect(try connection.firstRow("SELECT count(*) FROM t") { $0.int64(0) } == 0)
    #expect(!connection.isInTransaction)
}

@Test func errorsCarryTheKindOfRefusal() throws {
    let connection = try Connection(path: ":memory:")
    #expect { try connection.execute("SELEC 1") } throws: { ($0 as? SQLiteError)?.code == .invalid }
    try connection.execute("CREATE TABLE t (v INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)")
    #expect { try connection.run("INSERT INTO t VALUES (1)") } throws: { ($0 as? SQLiteError)?.code == .constraint }
    #expect { try Connection(path: "/nonexistent/x.db") } throws: { ($0 as? SQLiteError)?.code == .cannotOpen }
}

@Test func aFileNameIsNeverTakenForURISyntax() throws {
    let file = ScratchFile()
    let connection = try Connection(path: file.path)
    try connection.execute("CREATE TABLE t (v)")
    #expect(access(file.path, F_OK) == 0)
    #expect(throws: SQLiteError.self) {
        try Connection(path: file.path, access: .readOnly).execute("INSERT INTO t VALUES (1)")
    }
}

@Test func aStatementInUseIsNotHandedOutTwice() throws {
    let connection = try Connection(path: ":memory:")
    try connection.execute("CREATE TABLE t (v); INSERT INTO t VALUES (1), (2)")
    var pairs = 0
    try connection.forEachRow("SELECT v FROM t") { _ throws(SQLiteError) in
        try connection.forEachRow("SELECT v FROM t") { _ throws(SQLiteError) in
            pairs += 1
            return true
        }
        return true
    }
    #expect(pairs == 4)
}

@Test func migrationsAreAppliedOnceAndNewerFilesAreRefused() throws {
    let file = ScratchFile()
    let first = Migration(module: "m", version: 1, sql: "CREATE TABLE m_t (v)")
    let second = Migration(module: "m", version: 2, sql: "ALTER TABLE m_t ADD COLUMN w")
    try Database(path: file.path).migrate([first])
    let database = try Database(path: file.path)
    try database.migrate([first, second])
    try database.migrate([first, second])
    try database.write { connection throws(SQLiteError) in try connection.run("INSERT INTO m_t VALUES (1, 2)") }
    #expect { try database.migrate([first]) } throws: { ($0 as? SQLiteError)?.code == .newerSchema }
    let broken = Migration(module: "m", version: 3, sql: "CREATE TABLE m_u (v); NONSENSE")
    #expect(throws: SQLiteError.self) { try database.migrate([first, second, broken]) }
    #expect(
        try database.read { connection throws(SQLiteError) in
            try connection.firstRow("SELECT count(*) FROM sqlite_schema WHERE name = 'm_u'") { $0.int64(0) }
        } == 0)
}
