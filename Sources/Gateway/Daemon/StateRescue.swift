import CLinux
import Glibc
import SQLite

/// What became of a damaged `state.db`.
struct StateDamage: Sendable, Equatable {
    var reason: String
    /// Rows saved into the new one.
    var kept: Int
}

/// Opens `state.db` although it is damaged: what its tables still give goes into a new one, the damaged file is set aside.
///
/// The numbering of the journal is not taken over: nobody can tell whether it is the last one, so a new epoch begins.
struct StateRescue {
    let dataDirectory: String
    let migrations: [Migration]
    /// Beyond this size a check of everything would keep the start waiting too long.
    private static let checkedSizeMax = 32 << 20

    private var path: String { dataDirectory + "/state.db" }
    private var replacement: String { path + ".salvaged" }

    func open(
        _ make: (String) throws(SQLiteError) -> Database
    ) throws(SQLiteError) -> (database: Database, damage: StateDamage?) {
        try finish()
        do throws(SQLiteError) {
            let database = try make(path)
            try database.migrate(migrations)
            try check(database)
            return (database, nil)
        } catch {
            // SQL of ours that is suddenly wrong means a schema that is not ours any more.
            guard try isDamage(error) else { throw error }
            return try rescue(error.message, make)
        }
    }

    private func isDamage(_ error: SQLiteError) throws(SQLiteError) -> Bool {
        switch error.code {
        case .corrupt, .invalid: true
        case .newerSchema: try !isNewer()
        default: false
        }
    }

    /// Whether there is no state: on the first start, or when the file was removed or emptied.
    var isMissing: Bool {
        var status = stat()
        return access(path + "-wal", F_OK) != 0 && (stat(path, &status) != 0 || status.st_size == 0)
    }

    /// Whether a newer program has really been at work: every step that a module grows by changes its tables. Numbers that
    /// claim it beside tables that are ours are damaged.
    private func isNewer() throws(SQLiteError) -> Bool {
        let fresh = try Connection(path: ":memory:")
        try fresh.migrate(migrations)
        let found: Set<String>
        do throws(SQLiteError) {
            found = try Self.schema(Connection(path: path, access: .readOnly))
        } catch {
            if error.code == .corrupt || error.code == .invalid { return false }
            throw error
        }
        return try !found.subtracting(Self.schema(fresh)).isEmpty
    }

    private static func schema(_ connection: Connection) throws(SQLiteError) -> Set<String> {
        // Statistics of SQLite's own make no difference.
        let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
        return Set(try connection.rows(sql) { $0.text(0) })
    }

    private func check(_ database: Database) throws(SQLiteError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_size <= Self.checkedSizeMax else { return }
        let answer = try database.read { connection throws(SQLiteError) in
            try connection.pragma("quick_check(1)").text
        }
        guard answer == "ok" else { throw SQLiteError(.corrupt, message: answer ?? "quick_check gives no answer") }
    }

    private func rescue(
        _ reason: String, _ make: (String) throws(SQLiteError) -> Database
    ) throws(SQLiteError) -> (database: Database, damage: StateDamage?) {
        remove(replacement)
        let kept = try salvage(make)
        try setAside()
        try move(replacement, to: path)
        let database = try make(path)
        try database.migrate(migrations)
        return (database, StateDamage(reason: reason, kept: kept))
    }

    /// A rescue that was broken off after the damaged file had been set aside is taken up.
    private func finish() throws(SQLiteError) {
        guard access(replacement, F_OK) == 0 else { return }
        guard access(path, F_OK) != 0 else { return remove(replacement) }
        for suffix in ["-wal", "-shm", "-journal"] { _ = FileCalls.unlink(path + suffix) }
        try move(replacement, to: path)
    }

    private func salvage(_ make: (String) throws(SQLiteError) -> Database) throws(SQLiteError) -> Int {
        let fresh = try make(replacement)
        try fresh.migrate(migrations)
        return try fresh.write { connection throws(SQLiteError) in
            let tables = try connection.rows(
                "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            ) { $0.text(0) }
            var kept = 0
            for table in tables { kept += try copy(table, to: connection) }
            try connection.run("DELETE FROM journal_epoch")
            return kept
        }
    }

    /// Copies the rows that can be read, from both ends of the table up to the damage.
    private func copy(_ table: String, to connection: Connection) throws(SQLiteError) -> Int {
        let columns = try connection.rows("SELECT name FROM pragma_table_info('\(table)')") { $0.text(0) }
        let list = columns.joined(separator: ", ")
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        let insertion = try connection.prepare("INSERT OR IGNORE INTO \(table) (\(list)) VALUES (\(marks))")
        let before = try count(table, connection)
        for order in ["", " ORDER BY rowid DESC"] {
            // What cannot be read is what this is about: the rows before it are kept.
            guard let damaged = try? Connection(path: path, access: .readOnly) else { break }
            do throws(SQLiteError) {
                try damaged.forEachRow("SELECT \(list) FROM \(table)\(order)") { row throws(SQLiteError) in
                    for index in columns.indices { insertion.bind(row.value(Int32(index)), at: Int32(index + 1)) }
                    // A row that breaks a rule of the table is damaged too.
                    try? insertion.run()
                    return true
                }
                break
            } catch {}
        }
        return try count(table, connection) - before
    }

    private func count(_ table: String, _ connection: Connection) throws(SQLiteError) -> Int {
        try connection.firstRow("SELECT count(*) FROM \(table)") { Int($0.int64(0)) } ?? 0
    }

    private func setAside() throws(SQLiteError) {
        let folder = dataDirectory + "/damaged"
        if FileCalls.makeFolder(folder, mode: 0o750) != 0, errno != EEXIST { throw failure("cannot make \(folder)") }
        let suffixes = ["", "-wal", "-shm", "-journal"]
        var target = folder + "/state.db"
        var attempt = 1
        while suffixes.contains(where: { access(target + $0, F_OK) == 0 }) {
            attempt += 1
            target = "\(folder)/state.db.\(attempt)"
        }
        for suffix in suffixes where access(path + suffix, F_OK) == 0 {
            guard FileCalls.rename(path + suffix, to: target + suffix) == 0 else {
                throw failure("cannot move \(path + suffix)")
            }
        }
        guard FileCalls.syncFolder(folder) == 0 else { throw failure("cannot sync \(folder)") }
    }

    private func move(_ file: String, to target: String) throws(SQLiteError) {
        guard FileCalls.rename(file, to: target) == 0 else { throw failure("cannot move \(file)") }
        guard FileCalls.syncFolder(dataDirectory) == 0 else { throw failure("cannot sync \(dataDirectory)") }
    }

    private func remove(_ file: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { _ = FileCalls.unlink(file + suffix) }
    }

    private func failure(_ what: String) -> SQLiteError {
        let code: SQLiteError.Code = errno == ENOSPC || errno == EDQUOT ? .full : .io
        return SQLiteError(code, message: "\(what): \(String(cString: strerror(errno)))")
    }
}
