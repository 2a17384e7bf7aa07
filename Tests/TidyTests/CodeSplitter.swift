/// Tells code, comments and string literals of Swift apart; knows just enough of the language for that.
struct CodeSplitter {
    private let bytes: [UInt8]
    private var at = 0
    /// As long as the input, with blanks for what is not code.
    private(set) var code: [UInt8]
    private(set) var comments: [UInt8]

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        code = bytes.map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
        comments = code
    }

    mutating func run() { runCode(untilParenthesis: false) }

    private func starts(with text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count else { return false }
        return text.withUTF8Buffer { $0.elementsEqual(bytes[at..<(at + count)]) }
    }

    /// - Parameter untilParenthesis: ends behind the `)` that closes an interpolation.
    private mutating func runCode(untilParenthesis: Bool) {
        var depth = 0
        while at < bytes.count {
            if starts(with: "//") {
                runLineComment()
            } else if starts(with: "/*") {
                runBlockComment()
            } else if starts(with: "\"") || starts(with: "#\"") || starts(with: "##\"") {
                runString()
            } else {
                if bytes[at] == UInt8(ascii: "(") { depth += 1 }
                if bytes[at] == UInt8(ascii: ")") { depth -= 1 }
                code[at] = bytes[at]
                at += 1
                if untilParenthesis, depth < 0 { return }
            }
        }
    }

    private mutating func runLineComment() {
        while at < bytes.count, bytes[at] != UInt8(ascii: "\n") {
            comments[at] = bytes[at]
            at += 1
        }
    }

    private mutating func runBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") { depth += 1 }
            if starts(with: "*/") { depth -= 1 }
            let count = starts(with: "/*") || starts(with: "*/") ? 2 : 1
            for _ in 0..<count where at < bytes.count {
                comments[at] = bytes[at]
                at += 1
            }
        } while depth > 0 && at < bytes.count
    }

    private mutating func runString() {
        var hashes = 0
        while starts(with: "#") {
            hashes += 1
            at += 1
        }
        let isMultiline = starts(with: "\"\"\"")
        let quotes = isMultiline ? 3 : 1
        code[at] = UInt8(ascii: "\"")
        at += quotes
        let end =
            [UInt8](repeating: UInt8(ascii: "\""), count: quotes) + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        let escape = [UInt8(ascii: "\\")] + [UInt8](repeating: UInt8(ascii: "#"), count: hashes)
        while at < bytes.count {
            if bytes[at...].starts(with: end) {
                at += end.count
                code[at - 1] = UInt8(ascii: "\"")
                return
            }
            if bytes[at...].starts(with: escape) {
                at += escape.count
                if starts(with: "(") {
                    at += 1
                    runCode(untilParenthesis: true)
                } else {
                    at += 1
                }
            } else if !isMultiline, bytes[at] == UInt8(ascii: "\n") {
                return
            } else {
                at += 1
            }
        }
    }
}
