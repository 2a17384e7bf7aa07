import GatewayTestKit
import Testing
import YAMLText

struct YAMLSectionTests {
    private enum Level: String, CaseIterable {
        case debug, info, warning
    }

    private func problems(_ text: String, _ body: (YAMLSection) -> Void) throws -> [String] {
        YAMLSection.read(try YAMLParser.parse(text, file: "f.yaml"), body).problems.map(\.description)
    }

    @Test func timesAndSizesMayStandInQuotes() throws {
        let found = try problems("{\"wait\": \"1s\", 'size': '2MiB'}\n") { root in
            #expect(root.duration("wait", in: .seconds(1)...(.seconds(60))) == .seconds(1))
            #expect(root.byteCount("size", in: 0...(1 << 40)) == 2 << 20)
        }
        #expect(found == [])
    }

    @Test func rightValuesAreRead() throws {
        let text = """
            name: gw-1
            port: 8_003
            ratio: 0.5
            on: true
            wait: 1h30m
            size: 64MiB
            level: warning
            tags: [a, b]
            only: c
            """
        let found = try problems(text) { root in
            #expect(root.requiredText("name") == "gw-1")
            #expect(root.integer("port", in: 1...65_535, default: 1) == 8_003)
            #expect(root.number("ratio", in: 0...1) == 0.5)
            #expect(root.flag("on", default: false))
            #expect(root.duration("wait", in: .seconds(1)...(.seconds(86_400))) == .seconds(5_400))
            #expect(root.byteCount("size", in: 0...(1 << 40)) == 64 << 20)
            #expect(root.choice("level", default: Level.info) == .warning)
            #expect(root.texts("tags") == ["a", "b"])
            #expect(root.texts("only") == ["c"])
            #expect(root.text("absent") == nil)
        }
        #expect(found == [])
    }

    @Test func everythingWrongIsReportedAtOnceInTheOrderOfTheFile() throws {
        let text = """
            http: {port: 70000, bnid: x}
            journal:
              segment_size: 64 apples
              linger: 5
            level: loud
            list: 3
            """
        let found = try problems(text) { root in
            _ = root.section("journal") { journal in
                _ = journal.byteCount("segment_size", in: 1 << 20...1 << 30)
                _ = journal.duration("linger", in: .milliseconds(1)...(.seconds(1)))
            }
            _ = root.section("http") { http in
                _ = http.integer("port", in: 1...65_535)
                _ = http.text("bind")
                _ = http.requiredText("host")
            }
            _ = root.choice("level", of: Level.self)
            _ = root.sections("list") { _ in }
        }
        #expect(
            found == [
                "f.yaml:1:7: http.host: is missing, accepted text of 1…4096 bytes without control characters",
                "f.yaml:1:14: http.port: `70000`, accepted 1…65535",
                "f.yaml:1:21: http.bnid: unknown key, did you mean `bind`?",
                "f.yaml:3:17: journal.segment_size: `64 apples`, accepted 1MiB…1GiB as a size such as 512KiB, 64MiB or 2GiB",
                "f.yaml:4:11: journal.linger: `5`, accepted 1ms…1s as a time such as 250ms, 5s, 10m, 1h or 30d",
                "f.yaml:5:8: level: `loud`, accepted debug, info, warning",
                "f.yaml:6:7: list: `3`, accepted a list of sections",
            ])
    }

    @Test func farUnknownKeysListWhatIsAccepted() throws {
        let found = try problems("xyzzy: 1\n") { root in
            _ = root.text("http")
            _ = root.text("mqtt")
        }
        #expect(found == ["f.yaml:1:1: xyzzy: unknown key, accepted http, mqtt"])
    }

    @Test func listsOfSectionsNameTheirElements() throws {
        let found = try problems("sync:\n  destinations:\n    - {name: a}\n    - {nmae: b}\n    - 5\n") { root in
            let names = root.section("sync") { $0.sections("destinations") { $0.text("name") } }
            #expect(names == ["a", nil, nil])
        }
        #expect(
            found == [
                "f.yaml:4:8: sync.destinations[1].nmae: unknown key, did you mean `name`?",
                "f.yaml:5:7: sync.destinations[2]: `5`, accepted a section of keys",
            ])
    }

    @Test func sectionsMayBeKeyedByNames() throws {
        let found = try problems("devices:\n  b: {x: 1}\n  a: {}\n") { root in
            let read = root.namedSections("devices") { name, section in (name, section.integer("x", in: 0...9)) }
            #expect(read.map(\.0) == ["b", "a"])
            #expect(read.map(\.1) == [1, nil])
        }
        #expect(found == [])
    }

    @Test func absentSectionsHaveDefaults() throws {
        let found = try problems("http:\n") { root in
            #expect(root.section("http") { _ in 1 } == nil)
            #expect(root.sectionOrDefaults("http") { $0.integer("port", in: 1...9, default: 7) } == 7)
        }
        #expect(found == [])
    }

    @Test func numbersInQuotesAreText() throws {
        #expect(try problems("a: '5'") { _ = $0.integer("a", in: 1...9) } == ["f.yaml:1:4: a: `5`, accepted 1…9"])
        let found = try problems("a: 5") { #expect($0.text("a") == "5") }
        #expect(found == [])
    }

    @Test(arguments: ["1e400", ".nan", ".inf", "nan", "inf", "0x10", "9223372036854775808", "", "1_", "yes"])
    func hostileNumbersAreRefused(_ text: String) {
        let node = YAMLNode(.scalar(text, .plain), at: .init(file: "f", line: 1, column: 1))
        #expect(node.integer == nil)
        #expect(node.number.map { $0 == 9_223_372_036_854_775_808 } ?? true)
        #expect(node.flag == nil)
    }

    @Test(arguments: [("999ms", false), ("1s", true), ("60s", true), ("61s", false)])
    func aDurationMustLieInItsRange(_ text: String, _ isAccepted: Bool) throws {
        let found = try problems("wait: \(text)\n") { _ = $0.duration("wait", in: .seconds(1)...(.seconds(60))) }
        #expect(found.count == (isAccepted ? 0 : 1))
        #expect(found.allSatisfy { $0.hasPrefix("f.yaml:1:7: wait: ") && $0.contains("accepted 1s…") }, "\(found)")
    }

    @Test func secretsAreReferences() throws {
        let found = try problems("token: hunter2\n") { #expect($0.secret("token") == nil) }
        #expect(found.count == 1)
        #expect(
            found[0].hasPrefix("f.yaml:1:8: token: a secret does not stand in the configuration, accepted token_file"))
        #expect(!found[0].contains("hunter2"))
        _ = try problems("token_file: /etc/t") { #expect($0.secret("token") == .file("/etc/t")) }
        _ = try problems("credential: mas") { #expect($0.secret("token") == .credential("mas")) }
        _ = try problems("password_env: P") { #expect($0.secret("password", isOnly: false) == .environment("P")) }
        let both = try problems("token_file: /t\nenv: T\n") { _ = $0.secret("token") }
        #expect(both == ["f.yaml:2:6: env: the secret is also given by `token_file`, accepted one of them"])
    }

    @Test func theListOfProblemsIsBounded() throws {
        let text = (0..<1_000).map { "k\($0): 1\n" }.joined()
        #expect(try problems(text) { _ in }.count == YAMLProblems.countMax)
    }
}
