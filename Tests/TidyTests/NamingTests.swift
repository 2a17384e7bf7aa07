import Testing

struct NamingTests {
    private static let empty = [
        "Manager", "Helper", "Helpers", "Util", "Utils", "Handler", "Impl", "Base", "Info", "Data",
    ]
    private static let kinds: Set<Substring> = ["class", "struct", "enum", "actor", "protocol", "typealias"]

    @Test func typeNamesSayWhatTheTypeIs() {
        Finding.expectNone(
            SourceTree.files.flatMap { file in
                file.code.enumerated().compactMap { index, _ in
                    let words = file.words[index]
                    guard let kind = words.firstIndex(where: Self.kinds.contains), kind + 1 < words.count,
                        let ending = Self.empty.first(where: words[kind + 1].hasSuffix), words[kind + 1] != "func"
                    else { return nil }
                    return Finding(
                        file.path, index + 1, "`\(words[kind + 1])`: `\(ending)` says nothing, name the thing")
                }
            })
    }

    @Test func filesAreNotHugeAndMostAreSmall() {
        let sizes = SourceTree.files.map { ($0.path, $0.lines.count - 1) }
        Finding.expectNone(sizes.filter { $0.1 > 400 }.map { Finding($0.0, $0.1, "more than 400 lines: two concepts") })
        let product = SourceTree.productFiles.map(\.lines.count).sorted()
        #expect(product.isEmpty || product[product.count / 2] <= 150, "the median file has more than 150 lines")
    }
}
