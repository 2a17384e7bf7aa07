import FieldProtocols
import GatewayTestKit
import Testing

@Suite struct LinePatterns {
    private func groups(_ pattern: String, _ line: String) throws -> [String?]? {
        let compiled = try LinePattern(pattern)
        var scratch = PatternScratch()
        let bytes = Array(line.utf8)
        guard bytes.withUnsafeBytes({ compiled.matches($0, &scratch) }) else { return nil }
        return compiled.groupNames.indices.map { index in
            compiled.range(of: index, in: scratch).map { String(decoding: bytes[$0], as: UTF8.self) }
        }
    }

    @Test func groupsTakeWhatARegularExpressionSays() throws {
        let cases: [(String, String, [String?]?)] = [
            (#"^T=(?<t>-?[0-9.]+) H=(?<h>\d+)%$"#, "T=-4.5 H=60%", ["-4.5", "60"]),
            (#"(?<a>a+)(?<b>a*?)$"#, "xaaa", ["aaa", ""]), (#"(?<a>a+?)(?<b>a*)$"#, "xaaa", ["a", "aa"]),
            (#"(?<a>foo|foobar)$"#, "foobar", ["foobar"]), (#"^(?:(?<x>x)|(?<y>y))z"#, "yz", [nil, "y"]),
            (#"(?<n>[^,]*),(?<m>[\d.\-]{2,4})"#, "ab,-1.25", ["ab", "-1.2"]), (#"^$"#, "", []), (#"^a.c$"#, "abd", nil),
            (#"(?P<v>\x41{3})"#, "zAAAA", ["AAA"]), (#"\$\((?<v>\w+)\)"#, "$(x_1)", ["x_1"]),
            (#"(?<v>[]a-]+)"#, "-]a", ["-]a"]), (#"(?<v>(?:ab)*)c"#, "ababc", ["abab"]),
        ]
        for (pattern, line, expected) in cases {
            #expect(try groups(pattern, line) == expected, "\(pattern) on \(line)")
        }
    }

    @Test func badPatternsSayWhere() {
        for (pattern, offset) in [
            ("(", 1), ("a)", 1), ("*a", 0), ("[a", 2), ("a{3,1}", 6), ("(?=a)", 2), (#"\q"#, 2), ("a**", 2),
            ("(?<1-2>a)", 4),
            ("[z-a]", 4), ("a{999}", 6),
        ] {
            let error = #expect(throws: LinePattern.Failure.self) { try LinePattern(pattern) }
            #expect(error?.offset == offset, "\(pattern): \(error?.description ?? "")")
        }
        #expect(throws: LinePattern.Failure.self) { try LinePattern("(?:a{200}){200}") }
        // Nothing, repeated for ever: no steps, but no end either.
        let nothing = (0..<15).reduce("") { pattern, _ in "(?:\(pattern)){200}" }
        #expect(throws: LinePattern.Failure.self) { try LinePattern(nothing) }
    }

    @Test func evilPatternsTakeNoMoreThanTheirShare() throws {
        let pattern = try LinePattern("^(?:(?:a+)+)+b(?<x>a*)*$")
        var scratch = PatternScratch()
        let line = [UInt8](repeating: UInt8(ascii: "a"), count: 4_000)
        // Exponential backtracking would not end before the sun does.
        #expect(!line.withUnsafeBytes { pattern.matches($0, &scratch) })
    }

    @Test func anyPatternOnAnyLineNeverTraps() {
        var random = SeededRandom(seed: 12)
        let seeds = [
            #"^T=(?<t>-?[0-9.]+) H=(?<h>\d+)%$"#, #"(?<a>[^,]{1,9}),(?:x|y)*?[\w\-]+$"#, #"(?<q>a{2,5}?|b+)*\x41"#,
        ].map { Array($0.utf8) }
        var scratch = PatternScratch()
        for round in 0..<20_000 {
            let text = String(decoding: random.mutated(seeds[round % seeds.count]), as: UTF8.self)
            guard let pattern = try? LinePattern(text) else { continue }
            let line = random.mutated(Array("T=-4.5 H=60%,aabbA".utf8))
            _ = line.withUnsafeBytes { pattern.matches($0, &scratch) }
        }
    }
}
