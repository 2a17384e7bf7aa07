internal import CSQLite

/// A prepared statement of one connection, used on that connection's thread. Parameters count from 1, columns from 0.
///
/// It does not keep the `Connection` in being, but SQLite's own connection stays open until the last statement is gone.
///
/// A bad column index or type never traps: SQLite converts (null reads as 0 or empty).
public final class Statement {
    let handle: OpaquePointer

    init(_ connection: Connection, _ sql: String) throws(SQLiteError) {
        var handle: OpaquePointer?
        var isWhole = true
        let result = sql.withCString { text in
            var rest: UnsafePointer<CChar>?
            let result = sqlite3_prepare_v3(
                connection.handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, &rest)
            isWhole = rest.map { String(cString: $0).allSatisfy { $0.isWhitespace || $0 == ";" } } ?? true
            return result
        }
        guard result == SQLITE_OK, let handle else { throw connection.error(result, in: sql) }
        guard isWhole else {
            sqlite3_finalize(handle)
            throw SQLiteError(.invalid, message: "more than one statement")
        }
        self.handle = handle
    }

    deinit { sqlite3_finalize(handle) }

    /// Whether a row has been read and the statement neither finished nor reset.
    public var isBusy: Bool { sqlite3_stmt_busy(handle) != 0 }
    public var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

    /// Makes the next row current.
    ///
    /// - Returns: false when there is none; the statement is then reset and can be stepped again.
    public func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            sqlite3_reset(handle)
            return false
        case let result:
            let error = SQLiteError(database: sqlite3_db_handle(handle), result: result)
            sqlite3_reset(handle)
            throw error
        }
    }

    /// Runs a statement to its end, ignoring rows.
    public func run() throws(SQLiteError) { while try step() {} }

    /// Ends reading, so that the read transaction it may hold open ends too; bound values stay.
    public func reset() { sqlite3_reset(handle) }

    /// Makes every parameter NULL again.
    public func clearBindings() { sqlite3_clear_bindings(handle) }
}

extension Statement {
    /// Sets a parameter, counted from 1.
    public func bind(_ value: Int64, at parameter: Int32) { sqlite3_bind_int64(handle, parameter, value) }
    public func bind(_ value: Double, at parameter: Int32) { sqlite3_bind_double(handle, parameter, value) }
    public func bindNull(at parameter: Int32) { sqlite3_bind_null(handle, parameter) }

    /// Sets a parameter, counted from 1; nil is NULL.
    public func bind(_ value: Int64?, at parameter: Int32) {
        if let value { bind(value, at: parameter) } else { bindNull(at: parameter) }
    }

    /// Sets a parameter, counted from 1; nil is NULL. The text is copied.
    public func bind(_ value: String?, at parameter: Int32) {
        guard var value else { return bindNull(at: parameter) }
        value.withUTF8 { bytes in
            _ = bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_bind_text(handle, parameter, $0.baseAddress, Int32($0.count), Self.copied)
            }
        }
        if value.isEmpty { sqlite3_bind_text(handle, parameter, "", 0, Self.copied) }
    }

    /// Binds a copy of `bytes`.
    public func bind(_ bytes: UnsafeRawBufferPointer, at parameter: Int32) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            sqlite3_bind_zeroblob(handle, parameter, 0)
            return
        }
        sqlite3_bind_blob64(handle, parameter, start, UInt64(bytes.count), Self.copied)
    }

    /// Binds `bytes` without copying: they must stay where they are until the statement is reset or bound anew.
    public func bindBorrowed(_ bytes: UnsafeRawBufferPointer, at parameter: Int32) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            sqlite3_bind_zeroblob(handle, parameter, 0)
            return
        }
        sqlite3_bind_blob64(handle, parameter, start, UInt64(bytes.count), nil)
    }

    /// Sets a parameter, counted from 1.
    public func bind(_ value: SQLiteValue, at parameter: Int32) {
        switch value {
        case .null: bindNull(at: parameter)
        case .integer(let value): bind(value, at: parameter)
        case .real(let value): bind(value, at: parameter)
        case .text(let value): bind(value, at: parameter)
        case .blob(let value): value.withUnsafeBytes { bind($0, at: parameter) }
        }
    }

    /// SQLITE_TRANSIENT, which is a macro Swift does not see.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}

extension Statement {
    /// Columns of a row.
    public var columnCount: Int32 { sqlite3_column_count(handle) }

    /// The name of a column, counted from 0.
    public func columnName(_ column: Int32) -> String {
        sqlite3_column_name(handle, column).map { String(cString: $0) } ?? ""
    }

    /// A column of the current row, counted from 0; other types are converted as SQLite does.
    public func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    public func isBlob(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_BLOB }
    public func int64(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    public func double(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }
    public func optionalInt64(_ column: Int32) -> Int64? { isNull(column) ? nil : int64(column) }
    public func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    /// The column as text; empty if it is NULL.
    public func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(handle, column) else { return "" }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    /// The column's bytes, copied.
    public func blob(_ column: Int32) -> [UInt8] { withBlob(column) { Array($0) } }

    /// Lends the bytes of a blob or text column; they end with the next step or reset.
    public func withBlob<R>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        let start = sqlite3_column_blob(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
    }

    /// The column as it is.
    public func value(_ column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer(int64(column))
        case SQLITE_FLOAT: .real(double(column))
        case SQLITE_TEXT: .text(text(column))
        case SQLITE_BLOB: .blob(blob(column))
        default: .null
        }
    }
}
