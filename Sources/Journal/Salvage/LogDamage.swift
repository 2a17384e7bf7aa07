/// Whether a segment's log is damaged in the middle, so that SQLite would drop what was committed behind.
///
/// A power cut leaves such logs too, of commits that were never acknowledged; so it counts only where records are missing
/// that are known to have been stored.
enum LogDamage {
    /// - Parameter known: a number that the segment is known to have reached.
    static func hides(recordsOf file: SegmentFile, upTo known: Int64) -> Bool {
        guard let size = Folder.size(of: file.wal), size > 0,
            let pages = DatabasePages(file.path, log: file.wal, usesAllOfLog: false)
        else { return false }
        guard pages.log.map({ $0.isBroken }) ?? true else { return false }
        var last = file.first - 1
        var tree = TableTree(pages)
        tree.forEachLeaf(of: "records") { rows in last = max(last, rows.map(\.rowID).max() ?? 0) }
        return last < known
    }
}
