/// The rows of the tables of a damaged database, as far as their pages can be read.
struct TableTree {
    private let pages: DatabasePages
    /// Pages that belong to a tree.
    private(set) var reached: Set<Int> = []

    init(_ pages: DatabasePages) { self.pages = pages }

    /// Calls `body` with the rows of each leaf of a table that can be reached.
    mutating func forEachLeaf(of table: String, _ body: ([TableRow]) -> Void) {
        var open = SegmentSchema.roots[table].map { [$0] } ?? []
        while let number = open.popLast() {
            guard let bytes = pages.page(number), let page = TablePage(bytes, number: number),
                reached.insert(number).inserted
            else { continue }
            if page.isLeaf { body(page.rows(pages)) } else { open += page.children.reversed() }
        }
    }

    /// Calls `body` with the rows of each leaf that no tree reached, because what leads to it is damaged.
    func forEachOrphan(_ body: ([TableRow]) -> Void) {
        guard pages.count > 1 else { return }
        for number in 2...pages.count where !reached.contains(number) {
            guard let bytes = pages.page(number), let page = TablePage(bytes, number: number), page.isLeaf else {
                continue
            }
            body(page.rows(pages))
        }
    }

    /// All rows of a table of a segment.
    mutating func rows(of table: String) -> [TableRow] {
        var rows: [TableRow] = []
        forEachLeaf(of: table) { rows += $0 }
        return rows
    }
}
