import GatewayTestKit
import Testing

/// What an operator can set or see is written down, and nothing else is.
struct DocumentTests {
    private static func document(_ name: String) throws -> String {
        try File.text("\(SourceTree.root)/docs/reference/\(name).md")
    }

    /// The words between backticks.
    private static func quoted(in text: String) -> Set<String> {
        let parts = text.split(separator: "`", omittingEmptySubsequences: false)
        return Set(parts.enumerated().compactMap { $0.offset % 2 == 1 ? String($0.element) : nil })
    }

    /// String literals that follow `opening` in the lines of files below `folder`, with their places.
    private static func literals(after opening: String, below folder: String) -> [(Finding, String)] {
        SourceTree.productFiles.filter { $0.path.hasPrefix(folder) }.flatMap { file in
            file.lines.enumerated().flatMap { index, line -> [(Finding, String)] in
                line.split(separator: opening, omittingEmptySubsequences: false).dropFirst().compactMap { rest in
                    let name = String(rest.prefix { !"\"\\` =".contains($0) })
                    return (Finding(file.path, index + 1, "`\(name)` is not documented"), name)
                }
            }
        }
    }

    @Test func everyConfigurationKeyIsDocumented() throws {
        let documented = Self.quoted(in: try Self.document("configuration"))
        let readers = [
            "text", "requiredText", "integer", "requiredInteger", "number", "flag", "duration", "byteCount", "choice",
            "requiredChoice", "value", "requiredValue", "section", "sectionOrDefaults", "sections", "namedSections",
            "texts",
            "choices", "values", "secret",
        ]
        let keys = readers.flatMap { Self.literals(after: "section.\($0)(\"", below: "Sources/Gateway/Configuration") }
        #expect(keys.count > 20, "the reader calls are found")
        Finding.expectNone(keys.filter { !documented.contains($0.1) }.map(\.0))
    }

    @Test func everyMetricIsDocumented() throws {
        let documented = Self.quoted(in: try Self.document("metrics"))
        let names = Self.literals(after: "\"mycogate_", below: "Sources/")
        #expect(!names.isEmpty, "the metric names are found")
        Finding.expectNone(names.filter { !documented.contains("mycogate_\($0.1)") }.map(\.0))
    }

    @Test func everyRouteIsDocumented() throws {
        let document = try Self.document("http")
        let routes = [".get, \"/", ".post, \"/", ".put, \"/", ".delete, \"/"].flatMap {
            Self.literals(after: $0, below: "Sources/ControlAPI/Routes")
        }
        #expect(routes.count > 10, "the routes are found")
        Finding.expectNone(routes.filter { !document.contains("/\($0.1)`") }.map(\.0))
    }

    @Test func everyVerbIsDocumented() throws {
        let document = try Self.document("command-line")
        let verbs = Self.literals(after: "name: \"", below: "Sources/mycogate/Verbs").filter { finding, _ in
            // Options have names too.
            let lines = SourceTree.files.first { $0.path == finding.path }?.lines ?? []
            return lines[max(0, finding.line - 2)..<finding.line].contains { $0.contains(" Verb(") }
        }
        #expect(verbs.count > 5, "the verbs are found")
        Finding.expectNone(verbs.filter { !document.contains("`mycogate \($0.1)") }.map(\.0))
    }

    @Test func onlyThreeEnvironmentVariablesExist() {
        let allowed: Set<String> = ["CONFIG", "DATA_DIR", "LOG"]
        Finding.expectNone(
            Self.literals(after: "\"MYCOGATE_", below: "Sources/").filter { !allowed.contains($0.1) }.map {
                Finding($0.0.path, $0.0.line, "`MYCOGATE_\($0.1)`: the environment is CONFIG, DATA_DIR and LOG only")
            })
    }

    @Test func theRelativeLinksOfDocumentsLead() throws {
        let documents =
            SourceTree.names(in: "").filter { $0.hasSuffix(".md") } + SourceTree.paths.filter { $0.hasSuffix(".md") }
        for path in documents {
            let text = try File.text("\(SourceTree.root)/\(path)")
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
            for part in text.split(separator: "](", omittingEmptySubsequences: false).dropFirst() {
                let target = String(part.prefix { $0 != ")" && $0 != "#" })
                guard !target.isEmpty, !target.contains("://") else { continue }
                #expect(File.exists("\(SourceTree.root)/\(folder)\(target)"), "\(path) leads to \(target)")
            }
        }
    }
}
