internal import CSQLite

/// The C face of `VirtualTable`: what SQLite calls, and the memory it wants laid out its way.
enum VirtualTableModule {
    final class Box {
        let table: VirtualTable
        init(_ table: VirtualTable) { self.table = table }
    }

    /// SQLite's part comes first, as it demands.
    private struct Table {
        var base = sqlite3_vtab()
        var box: Unmanaged<Box>
    }

    private struct Cursor {
        var base = sqlite3_vtab_cursor()
        var scan: Unmanaged<VirtualTableScan>
        var row: Int64 = 0
    }

    /// Never freed and never changed after it is made.
    nonisolated(unsafe) static let callbacks: UnsafePointer<sqlite3_module> = {
        let module = UnsafeMutablePointer<sqlite3_module>.allocate(capacity: 1)
        module.initialize(to: sqlite3_module())
        module.pointee.iVersion = 1
        // Without xCreate the table exists by its name alone, and cannot be created or dropped.
        module.pointee.xConnect = { database, context, _, _, result, _ in
            VirtualTableModule.connect(database, context, result)
        }
        module.pointee.xDisconnect = { pointer in
            pointer?.withMemoryRebound(to: Table.self, capacity: 1) {
                $0.deinitialize(count: 1)
                $0.deallocate()
            }
            return SQLITE_OK
        }
        module.pointee.xBestIndex = { VirtualTableModule.plan($0, $1) }
        module.pointee.xOpen = { VirtualTableModule.open($0, $1) }
        module.pointee.xClose = { pointer in
            pointer?.withMemoryRebound(to: Cursor.self, capacity: 1) {
                $0.pointee.scan.release()
                $0.deinitialize(count: 1)
                $0.deallocate()
            }
            return SQLITE_OK
        }
        module.pointee.xFilter = { pointer, _, plan, count, values in
            VirtualTableModule.step(pointer) { cursor throws(SQLiteError) in
                cursor.row = 0
                let constraints = VirtualTableModule.constraints(plan, count, values)
                try cursor.scan.takeUnretainedValue().start(constraints)
            }
        }
        module.pointee.xNext = { pointer in
            VirtualTableModule.step(pointer) { cursor throws(SQLiteError) in
                cursor.row += 1
                try cursor.scan.takeUnretainedValue().advance()
            }
        }
        module.pointee.xEof = { pointer in
            VirtualTableModule.cursor(pointer).map { $0.pointee.scan.takeUnretainedValue().isAtEnd ? 1 : 0 } ?? 1
        }
        module.pointee.xColumn = { pointer, context, column in
            guard let cursor = VirtualTableModule.cursor(pointer) else { return SQLITE_ERROR }
            VirtualTableModule.give(cursor.pointee.scan.takeUnretainedValue().value(Int(column)), to: context)
            return SQLITE_OK
        }
        module.pointee.xRowid = { pointer, row in
            row?.pointee = VirtualTableModule.cursor(pointer)?.pointee.row ?? 0
            return SQLITE_OK
        }
        return UnsafePointer(module)
    }()

    private static func connect(
        _ database: OpaquePointer?, _ context: UnsafeMutableRawPointer?,
        _ result: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab>?>?
    ) -> Int32 {
        guard let context, let result else { return SQLITE_MISUSE }
        let box = Unmanaged<Box>.fromOpaque(context)
        let table = box.takeUnretainedValue().table
        let declared = sqlite3_declare_vtab(database, "CREATE TABLE x(\(table.columns.joined(separator: ", ")))")
        guard declared == SQLITE_OK else { return declared }
        let made = UnsafeMutablePointer<Table>.allocate(capacity: 1)
        made.initialize(to: Table(box: box))
        result.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(to: sqlite3_vtab.self)
        return SQLITE_OK
    }

    /// Asks for every comparison the table wants to know; their columns and kinds travel in the plan's text.
    private static func plan(
        _ pointer: UnsafeMutablePointer<sqlite3_vtab>?, _ info: UnsafeMutablePointer<sqlite3_index_info>?
    ) -> Int32 {
        guard let pointer, let info else { return SQLITE_MISUSE }
        let table = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Table.self).pointee.box
            .takeUnretainedValue().table
        var text = ""
        var count: Int32 = 0
        for index in 0..<Int(info.pointee.nConstraint) {
            let constraint = info.pointee.aConstraint[index]
            guard constraint.usable != 0, table.selective.contains(Int(constraint.iColumn)),
                VirtualTable.Constraint.Comparison(rawValue: Int32(constraint.op)) != nil
            else { continue }
            count += 1
            info.pointee.aConstraintUsage[index].argvIndex = count
            text += "\(constraint.iColumn) \(constraint.op) "
        }
        info.pointee.estimatedCost = 1e9 / Double(1 + count * 10)
        info.pointee.idxStr = text.withCString { source in
            let size = text.utf8.count + 1
            guard let copy = sqlite3_malloc(Int32(size)) else { return nil }
            copy.copyMemory(from: source, byteCount: size)
            return copy.assumingMemoryBound(to: CChar.self)
        }
        info.pointee.needToFreeIdxStr = 1
        if info.pointee.nOrderBy == 1, let ascending = table.ascending,
            Int(info.pointee.aOrderBy[0].iColumn) == ascending, info.pointee.aOrderBy[0].desc == 0
        {
            info.pointee.orderByConsumed = 1
        }
        return SQLITE_OK
    }

    private static func open(
        _ pointer: UnsafeMutablePointer<sqlite3_vtab>?,
        _ result: UnsafeMutablePointer<UnsafeMutablePointer<sqlite3_vtab_cursor>?>?
    ) -> Int32 {
        guard let pointer, let result else { return SQLITE_MISUSE }
        let box = UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: Table.self).pointee.box
        let made = UnsafeMutablePointer<Cursor>.allocate(capacity: 1)
        made.initialize(to: Cursor(scan: Unmanaged.passRetained(box.takeUnretainedValue().table.scan())))
        result.pointee = UnsafeMutableRawPointer(made).assumingMemoryBound(to: sqlite3_vtab_cursor.self)
        return SQLITE_OK
    }

    private static func cursor(_ pointer: UnsafeMutablePointer<sqlite3_vtab_cursor>?) -> UnsafeMutablePointer<Cursor>? {
        pointer.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: Cursor.self) }
    }

    /// Moves a cursor; an error's text is left where SQLite looks for it.
    private static func step(
        _ pointer: UnsafeMutablePointer<sqlite3_vtab_cursor>?, _ move: (inout Cursor) throws(SQLiteError) -> Void
    ) -> Int32 {
        guard let cursor = cursor(pointer) else { return SQLITE_MISUSE }
        do throws(SQLiteError) {
            try move(&cursor.pointee)
            return SQLITE_OK
        } catch {
            if let table = cursor.pointee.base.pVtab {
                sqlite3_free(table.pointee.zErrMsg)
                table.pointee.zErrMsg = error.description.withCString { source in
                    let size = error.description.utf8.count + 1
                    guard let copy = sqlite3_malloc(Int32(size)) else { return nil }
                    copy.copyMemory(from: source, byteCount: size)
                    return copy.assumingMemoryBound(to: CChar.self)
                }
            }
            return error.extendedCode == 0 ? SQLITE_ERROR : error.extendedCode
        }
    }

    private static func constraints(
        _ plan: UnsafePointer<CChar>?, _ count: Int32, _ values: UnsafeMutablePointer<OpaquePointer?>?
    ) -> [VirtualTable.Constraint] {
        guard let plan, let values else { return [] }
        let numbers = String(cString: plan).split(separator: " ").compactMap { Int32($0) }
        return (0..<Int(count)).compactMap { index in
            guard index * 2 + 1 < numbers.count,
                let comparison = VirtualTable.Constraint.Comparison(rawValue: numbers[index * 2 + 1])
            else { return nil }
            return VirtualTable.Constraint(
                column: Int(numbers[index * 2]), comparison: comparison, value: value(values[index]))
        }
    }

    private static func value(_ value: OpaquePointer?) -> SQLiteValue {
        switch sqlite3_value_type(value) {
        case SQLITE_INTEGER: .integer(sqlite3_value_int64(value))
        case SQLITE_FLOAT: .real(sqlite3_value_double(value))
        case SQLITE_TEXT: .text(sqlite3_value_text(value).map { String(cString: $0) } ?? "")
        default: .null
        }
    }

    private static func give(_ value: SQLiteValue, to context: OpaquePointer?) {
        // SQLITE_TRANSIENT, a cast in a macro that Swift does not import: SQLite copies at once.
        let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .null: sqlite3_result_null(context)
        case .integer(let value): sqlite3_result_int64(context, value)
        case .real(let value): sqlite3_result_double(context, value)
        case .text(let value): sqlite3_result_text(context, value, Int32(clamping: value.utf8.count), copied)
        case .blob(let value):
            value.withUnsafeBytes {
                sqlite3_result_blob(context, $0.baseAddress, Int32(clamping: $0.count), copied)
            }
        }
    }
}
