import GatewayTestKit
import Testing

struct TreeTests {
    private static let required: Set<String> = [
        "Package.swift", "Sources", "Tests", "config", "docs", "systemd", "packaging", "Makefile", ".ci",
        ".swift-format",
        ".gitignore", "README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "LICENSE",
    ]
    /// What may stand there too: folders of later issues, dotfiles, and what tools leave (all ignored by git).
    private static let allowed: Set<String> = [
        "firmware-manifests", "drivers", ".editorconfig", ".gitattributes", ".git", ".build", ".swiftpm",
    ]

    @Test func theRootHoldsWhatItShouldAndNothingElse() {
        let names = Set(SourceTree.names(in: ""))
        #expect(Self.required.subtracting(names) == [])
        #expect(names.subtracting(Self.required).subtracting(Self.allowed) == [])
    }

    @Test func markdownStandsAtTheRootAndInDocsOnly() {
        let stray = SourceTree.paths.filter { $0.hasSuffix(".md") && !$0.hasPrefix("docs/") }
        Finding.expectNone(stray.map { Finding($0, 1, "belongs into docs/") })
        let kinds = Set(
            SourceTree.paths.filter { $0.hasPrefix("docs/") }.compactMap { $0.split(separator: "/").dropFirst().first })
        #expect(kinds.subtracting(["start", "operate", "reference", "extend", "decisions"]) == [])
    }

    @Test func theReadmeIsShort() throws {
        let lines = try File.text("\(SourceTree.root)/README.md").split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect((80...150).contains(lines.count))
    }

    @Test func everyTargetHasTests() {
        let tested = Set(
            SourceTree.files.filter { file in
                !file.isProduct && file.code.contains { $0.contains("@Test") }
            }.map(\.target))
        let untested = SourceTree.targets.filter { target in
            let isModule = target.first == "C" && target.dropFirst().first?.isUppercase == true
            return !isModule && !target.hasPrefix("mycogate") && !tested.contains("\(target)Tests")
        }
        Finding.expectNone(untested.map { Finding("Tests/\($0)Tests", 1, "has no test of `\($0)`") })
    }

    @Test func noFolderIsEmpty() {
        let empty = ["docs", "config", "systemd", "packaging", "drivers", "firmware-manifests"].filter {
            File.exists("\(SourceTree.root)/\($0)") && SourceTree.names(in: $0).isEmpty
        }
        #expect(empty == [])
    }
}
