internal import CSQLite

/// A read-only table whose rows are made by this program, usable in any SQL of the connection it is registered with.
public struct VirtualTable {
    /// One comparison of the `WHERE` clause that the table is told of, to save itself work.
    public struct Constraint: Sendable, Equatable {
        /// The comparisons that SQLite offers to a virtual table.
        public enum Comparison: Int32, Sendable {
            case equal = 2
            case greater = 4
            case lessOrEqual = 8
            case less = 16
            case greaterOrEqual = 32
        }

        /// `column comparison value`, the column counted from 0.
        public var column: Int
        public var comparison: Comparison
        public var value: SQLiteValue
    }

    /// The column's name.
    public var name: String
    /// Each with its type: `seq INTEGER`.
    public var columns: [String]
    /// Columns whose comparisons are told. SQLite checks every row again, so using them is optional.
    public var selective: Set<Int>
    /// The column by which rows come ascending, if any: spares SQLite a sort.
    public var ascending: Int?
    /// Makes a scan; called for each use of the table in a statement.
    public var scan: () -> VirtualTableScan

    public init(
        name: String, columns: [String], selective: Set<Int> = [], ascending: Int? = nil,
        scan: @escaping () -> VirtualTableScan
    ) {
        self.name = name
        self.columns = columns
        self.selective = selective
        self.ascending = ascending
        self.scan = scan
    }
}

/// One pass over a virtual table.
open class VirtualTableScan {
    public init() {}

    /// Goes to the first row, or to the end if there is none. May be called again with other constraints.
    open func start(_ constraints: [VirtualTable.Constraint]) throws(SQLiteError) {}
    /// Goes to the next row.
    open func advance() throws(SQLiteError) {}
    /// Whether there is no row any more.
    open var isAtEnd: Bool { true }
    /// A value of the present row.
    open func value(_ column: Int) -> SQLiteValue { .null }
}

extension Connection {
    /// Makes the table known to this connection, for as long as the connection lives.
    public func register(_ table: VirtualTable) throws(SQLiteError) {
        let box = Unmanaged.passRetained(VirtualTableModule.Box(table))
        // SQLite calls the destructor also if the registration fails.
        let result = sqlite3_create_module_v2(handle, table.name, VirtualTableModule.callbacks, box.toOpaque()) {
            guard let pointer = $0 else { return }
            Unmanaged<VirtualTableModule.Box>.fromOpaque(pointer).release()
        }
        guard result == SQLITE_OK else { throw error(result) }
    }
}
