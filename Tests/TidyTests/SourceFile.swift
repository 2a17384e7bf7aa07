import GatewayTestKit

/// A Swift file split into what the compiler sees and what people read, line by line.
struct SourceFile: Sendable {
    /// From the root of the package, such as `Sources/Journal/Journal.swift`.
    let path: String
    let lines: [String]
    /// The lines with comments and the contents of string literals blanked out.
    let code: [String]
    /// The lines with everything but comments blanked out.
    let comments: [String]
    /// The words and signs of each line of code.
    let words: [[Substring]]

    init(path: String, bytes: [UInt8]) {
        self.path = path
        var splitter = CodeSplitter(bytes)
        splitter.run()
        lines = Self.lines(bytes)
        code = Self.lines(splitter.code)
        comments = Self.lines(splitter.comments)
        words = code.map(Words.of)
    }

    /// `Journal` for `Sources/Journal/Segments/Segment.swift`.
    var target: String {
        let parts = path.split(separator: "/")
        return parts.count > 2 ? String(parts[1]) : ""
    }

    var isProduct: Bool { path.hasPrefix("Sources/") }

    /// Whether the line has a comment, or one stands above it: where the house style asks for a reason. One comment may
    /// speak for several lines in a row that make the same claim.
    func hasReason(at line: Int, claim: ([Substring]) -> Bool) -> Bool {
        var line = line
        while line >= 0 {
            if comments[line].contains("//") { return true }
            guard claim(words[line]) else { return false }
            line -= 1
        }
        return false
    }

    private static func lines(_ bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
