import Testing

/// Words that have no place in the sources, each with what to use in its place.
struct BannedTokenTests {
    private struct Rule {
        /// Tokens that follow each other, such as `try ?`.
        var tokens: [Substring]
        var instead: String
        /// Targets that may, such as the composition root.
        var allowed: Set<String> = []
        var scope: Scope

        enum Scope {
            case product, tests, everything
        }

        init(_ text: String, _ instead: String, allowed: Set<String> = [], in scope: Scope = .product) {
            tokens = Words.of(text)
            self.instead = instead
            self.allowed = allowed
            self.scope = scope
        }

        func applies(to file: SourceFile) -> Bool {
            guard !allowed.contains(file.target) else { return false }
            return switch scope {
            case .product: file.isProduct
            case .tests: !file.isProduct
            case .everything: true
            }
        }
    }

    private static let programs: Set<String> = ["mycogate", "mycogate-sim", "mycogate-bench"]
    private static let roots = programs.union(["Gateway"])

    private static let rules: [Rule] = [
        Rule("import Foundation", "Glibc, CLinux, or at most FoundationEssentials", in: .everything),
        Rule("import Dispatch", "DedicatedThread or structured concurrency", in: .everything),
        Rule("DispatchQueue", "DedicatedThread or structured concurrency", in: .everything),
        Rule("Date (", "the Clock given to you", allowed: roots),
        Rule("ContinuousClock", "the Clock given to you", allowed: roots),
        Rule("SuspendingClock", "the Clock given to you", allowed: roots),
        Rule("SystemRandomNumberGenerator", "the generator given to you", allowed: roots),
        Rule("randomElement ( )", "randomElement(using:)", allowed: roots, in: .everything),
        Rule("shuffled ( )", "shuffled(using:)", allowed: roots, in: .everything),
        Rule("print (", "a note, a metric or the log; programs print", allowed: programs, in: .everything),
        Rule("fatalError", "precondition with the sentence that was broken, or an error"),
    ]

    @Test func bannedWordsAreNotUsed() {
        Finding.expectNone(SourceTree.files.flatMap(Self.findings))
    }

    private static func findings(in file: SourceFile) -> [Finding] {
        let applicable = rules.filter { $0.applies(to: file) }
        return file.code.enumerated().flatMap { index, _ -> [Finding] in
            let words = file.words[index]
            guard !words.isEmpty else { return [] }
            return applicable.compactMap { rule in
                guard contains(words, rule.tokens) else { return nil }
                return Finding(file.path, index + 1, "`\(rule.tokens.joined())`: use \(rule.instead)")
            }
        }
    }

    private static func contains(_ words: [Substring], _ tokens: [Substring]) -> Bool {
        guard words.count >= tokens.count else { return false }
        return (0...(words.count - tokens.count)).contains { start in
            guard words[start..<(start + tokens.count)].elementsEqual(tokens) else { return false }
            // `self.print(` and `func sleep(` are other things of that name.
            return start == 0 || (words[start - 1] != "." && words[start - 1] != "func") || tokens.count > 2
        }
    }

    @Test func randomnessIsGivenNeverTaken() {
        Finding.expectNone(
            SourceTree.files.filter { !Self.roots.contains($0.target) }.flatMap { file in
                file.code.enumerated().compactMap { index, line in
                    guard line.contains(".random("), !line.contains("using:") else { return nil }
                    // The argument may stand on the next line.
                    let next = index + 1 < file.code.count ? file.code[index + 1] : ""
                    return next.contains("using:") ? nil : Finding(file.path, index + 1, "`.random(`: pass `using:`")
                }
            })
    }

    @Test func forcedUnwrappingIsNotUsed() {
        Finding.expectNone(
            SourceTree.productFiles.flatMap { file in
                file.code.enumerated().filter { Self.unwraps($0.element) }.map {
                    Finding(file.path, $0.offset + 1, "`!`: guard, or precondition with a sentence")
                }
            })
    }

    private static func unwraps(_ line: String) -> Bool {
        let bytes = Array(line.utf8)
        return bytes.indices.dropFirst().contains { index in
            guard bytes[index] == UInt8(ascii: "!") else { return false }
            let before = bytes[index - 1]
            guard Words.isPartOfWord(before) || before == UInt8(ascii: ")") || before == UInt8(ascii: "]") else {
                return false
            }
            return index + 1 == bytes.count || bytes[index + 1] != UInt8(ascii: "=")
        }
    }

    @Test func doubtfulMeansHaveTheirReason() {
        let product = ["try ?", "@ unchecked Sendable", "nonisolated ( unsafe )", "unsafeBitCast"]
        let tests = ["Task . sleep", "usleep (", "sleep ("]
        Finding.expectNone(
            SourceTree.files.flatMap { file in
                (file.isProduct ? product : tests).map(Words.of).flatMap { Self.unexplained($0, in: file) }
            })
    }

    private static func unexplained(_ claim: [Substring], in file: SourceFile) -> [Finding] {
        file.words.indices.compactMap { index in
            guard contains(file.words[index], claim), !file.hasReason(at: index, claim: { contains($0, claim) }) else {
                return nil
            }
            return Finding(file.path, index + 1, "`\(claim.joined())`: say on the line above why that is right")
        }
    }

    @Test func theRulesFindPlantedFaults() {
        let planted = SourceFile(
            path: "Sources/Journal/X.swift",
            bytes: Array("let a = b!\nprint(\"x\")  // try! is fine here\nlet c = \"fatalError\\(print(1))\"\n".utf8))
        #expect(Self.findings(in: planted).map(\.line) == [2, 3])
        #expect(planted.code.map(Self.unwraps) == [true, false, false, false])
    }
}
