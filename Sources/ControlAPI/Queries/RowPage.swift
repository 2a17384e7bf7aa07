/// Some of the rows that a query finds, in the order of storing.
struct RowPage<Row: Sendable>: Sendable {
    var rows: [Row] = []
    /// The number of the last message of which all rows are here: what to look behind next.
    var last: Int64
    /// Whether there is a row behind it.
    var more = false

    /// Rows that are looked up at once, rather than held all together for as long as a slow client takes.
    static var rowCountMax: Int { 500 }
}
