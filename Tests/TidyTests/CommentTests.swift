import GatewayTestKit
import Testing

struct CommentTests {
    private static let declarations: Set<Substring> = [
        "struct", "class", "enum", "actor", "protocol", "typealias", "func", "init", "subscript", "var", "let",
    ]
    private static let types: Set<Substring> = ["struct", "class", "enum", "actor"]
    /// Explained by the protocol of the standard library that asks for them.
    private static let witnesses: Set<Substring> = [
        "description", "debugDescription", "rawValue", "hash", "id", "next", "errorDescription", "now",
    ]

    @Test func publicDeclarationsAreExplained() {
        Finding.expectNone(SourceTree.productFiles.flatMap(Self.unexplained))
    }

    private static func unexplained(in file: SourceFile) -> [Finding] {
        file.code.indices.compactMap { index in
            let words = file.words[index]
            guard words.first == "public", let kind = words.firstIndex(where: declarations.contains),
                words.count > kind + 1, !words[..<kind].contains("import"), !isExplained(file, index)
            else { return nil }
            let name = words[kind + 1]
            // Whatever cannot fail when it makes a value is explained by the type and its properties.
            let isPlainInit = words[kind] == "init" && words[kind + 1] == "(" && !words.contains("throws")
            let isWitness =
                witnesses.contains(name) || (words[kind] == "func" && name.utf8.allSatisfy { !Words.isPartOfWord($0) })
            return isWitness || isPlainInit
                ? nil : Finding(file.path, index + 1, "`\(words[kind]) \(name)` is public without a `///`")
        }
    }

    /// Whether a doc comment stands above: attributes may stand between, and one comment may speak for a group of
    /// declarations of one line each without a blank line. The properties that a type begins with are what its own
    /// comment is about.
    private static func isExplained(_ file: SourceFile, _ index: Int) -> Bool {
        let isProperty = file.words[index].contains { $0 == "var" || $0 == "let" }
        var above = index - 1
        while above >= 0 {
            if file.comments[above].contains("///") { return true }
            if isProperty, file.words[above].contains(where: { types.contains($0) }), file.words[above].last == "{" {
                return isExplained(file, above)
            }
            let line = file.code[above].drop(while: \.isWhitespace)
            // The sentence that makes `@unchecked Sendable` true stands between, too.
            if line.isEmpty, file.comments[above].contains("//") {
                above -= 1
                continue
            }
            let isWholeDeclaration = line.hasPrefix("public ") && !line.hasSuffix("{") && !line.hasSuffix("(")
            guard line.hasPrefix("@") || isWholeDeclaration else { return false }
            above -= 1
        }
        return false
    }

    @Test func commentsHaveNoBannersAndNoPictures() {
        Finding.expectNone(
            SourceTree.files.flatMap { file in
                file.comments.enumerated().compactMap { index, line in
                    Self.ornament(in: line).map { Finding(file.path, index + 1, $0) }
                }
            })
    }

    @Test func documentsHaveNoPictures() throws {
        let root = SourceTree.names(in: "").filter { $0.hasSuffix(".md") }
        for path in root + SourceTree.paths.filter({ $0.hasSuffix(".md") }) {
            let text = try File.text("\(SourceTree.root)/\(path)")
            #expect(!text.unicodeScalars.contains(where: Self.isPicture), "\(path) has an emoji")
        }
    }

    private static func ornament(in comment: String) -> String? {
        for rule in ["=====", "-----", "*****", "#####", "/////", "─────"] where comment.contains(rule) {
            return "a banner: let the names and the order speak"
        }
        return comment.unicodeScalars.contains(where: isPicture) ? "an emoji" : nil
    }

    private static func isPicture(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isEmojiPresentation || (0x1F000...0x1FAFF).contains(scalar.value)
    }

    @Test func theRulesFindPlantedFaults() {
        let planted = SourceFile(
            path: "Sources/X/X.swift",
            bytes: Array(
                "/// Fine.\n@frozen\npublic struct A {\n    public let b: Int\n\n    public var c: Int { 1 }\n}\n// ------\n"
                    .utf8))
        #expect(Self.unexplained(in: planted).map(\.line) == [6])
        #expect(Self.ornament(in: planted.comments[7]) != nil)
    }
}
