/// How alike two keys are, for "did you mean".
enum EditDistance {
    /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; `limit + 1` if more than that.
    static func between(_ a: String, _ b: String, limit: Int) -> Int {
        let a = Array(a.utf8)
        let b = Array(b.utf8)
        guard abs(a.count - b.count) <= limit else { return limit + 1 }
        var beforeLast = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var cost = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, beforeLast[j - 1] + 1) }
                row.append(cost)
            }
            beforeLast = last
            last = row
        }
        return min(last[b.count], limit + 1)
    }

    /// The candidate nearest to `word`, if one is near enough to be what was meant.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let limit = max(1, min(3, word.utf8.count / 3))
        let ranked = candidates.map { (name: $0, distance: between(word, $0, limit: limit)) }
        return ranked.filter { $0.distance <= limit }.min { ($0.distance, $0.name) < ($1.distance, $1.name) }?.name
    }
}
