import GatewayTestKit
import Testing
import YAMLText

struct YAMLParserTests {
    private func message(_ text: String, limits: YAMLLimits = YAMLLimits()) -> String {
        do throws(YAMLError) {
            _ = try YAMLParser.parse(text, file: "f.yaml", limits: limits)
            return "accepted"
        } catch {
            return error.description
        }
    }

    @Test func everyNodeKnowsItsPlace() throws {
        let root = try YAMLParser.parse("a: 1\nlist:\n  - x\n  - {b: \"ü\", c: 'q'}\n", file: "f.yaml")
        #expect(root["a"]?.position.description == "f.yaml:1:4")
        guard case .sequence(let list)? = root["list"]?.content else {
            Issue.record("no list")
            return
        }
        #expect(list[0].position.description == "f.yaml:3:5")
        #expect(list[1]["c"]?.position == YAMLPosition(file: "f.yaml", line: 4, column: 17))
        #expect(list[1]["b"]?.content == .scalar("ü", .quoted))
    }

    @Test func keysKeepTheOrderOfTheFile() throws {
        let root = try YAMLParser.parse("z: 1\na: 2\nm: 3", file: "f")
        guard case .mapping(let members) = root.content else {
            Issue.record("no mapping")
            return
        }
        #expect(members.map(\.key) == ["z", "a", "m"])
    }

    @Test(arguments: ["", "\n\n", "# nothing\n", "~", "null", "---\n"])
    func emptyDocumentsAreEmptySections(_ text: String) throws {
        #expect(try YAMLParser.parse(text, file: "f").content == .mapping([]))
    }

    @Test func brokenSyntaxSaysWhere() {
        #expect(message("a: 1\n b: 2\n").hasPrefix("f.yaml:2:3: mapping values are not allowed"))
        #expect(message("a: [1, 2\nb: 3\n").hasPrefix("f.yaml:2:"))
        #expect(message("a: \"x\n").contains("begun in line 1"))
        #expect(message("\tb: 1\n").hasPrefix("f.yaml:1:1: "))
    }

    @Test func bytesThatAreNotUTF8SayWhere() {
        do throws(YAMLError) {
            _ = try YAMLParser.parse(Array("a: 1\nb: ü".utf8) + [0xFF, 0x0A], file: "f.yaml")
            Issue.record("accepted")
        } catch {
            #expect(error.description.hasPrefix("f.yaml:2:5: "))
        }
    }

    @Test func aKeyTwiceIsAnError() {
        #expect(message("a: 1\nb: 2\na: 3\n") == "f.yaml:3:1: the key `a` stands here twice, first in line 1")
        #expect(message("x: {a: 1}\ny: {a: 2}\n") == "accepted")
    }

    @Test func whatAConfigurationDoesNotNeedIsRefused() {
        #expect(message("a: !!binary aGk=").contains("the tag `tag:yaml.org,2002:binary` is not accepted"))
        #expect(message("a: 1\n---\nb: 2\n").contains("a second document"))
        #expect(message("[a, b]: 1\n").contains("a key must be text"))
        #expect(message("a: *nobody\n").contains("`*nobody` has no anchor"))
        #expect(message("a: &x {b: *x}\n").contains("has no anchor"))
    }

    @Test func aliasesRepeatTheirAnchor() throws {
        let root = try YAMLParser.parse("a: &x {port: 1}\nb: *x\n", file: "f")
        #expect(root["b"] == root["a"])
    }

    @Test func billionLaughsEndsAtTheLimit() {
        var text = "l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1...12 {
            let aliases = Array(repeating: "*l\(level - 1)", count: 10).joined(separator: ", ")
            text += "l\(level): &l\(level) [\(aliases)]\n"
        }
        #expect(message(text).contains("more than 200000 values with every alias written out"))
    }

    @Test func aliasesCannotNestBeyondTheDepth() {
        var text = "l0: &l0 [x]\n"
        for level in 1...20 { text += "l\(level): &l\(level) [*l\(level - 1)]\n" }
        #expect(message(text, limits: YAMLLimits(depthMax: 10)).contains("nested deeper than 10 levels"))
        #expect(message(text) == "accepted")
    }

    @Test func sizeAndDepthAreBounded() {
        #expect(message(String(repeating: "[", count: 33)).contains("nested deeper than 32 levels"))
        #expect(message("a: 12345", limits: YAMLLimits(byteCountMax: 7)) == "f.yaml:1:1: 8 bytes, accepted at most 7")
        #expect(message("[a, b, c]", limits: YAMLLimits(nodeCountMax: 3)).contains("more than 3 values"))
    }

    @Test func laterDocumentsAreLaidOverEarlierOnes() throws {
        let first = try YAMLParser.parse("a: {x: 1, y: 2}\nl: [1, 2]\n", file: "a.yaml")
        let later = try YAMLParser.parse("a: {y: 3, z: 4}\nl: [9]\nn:\n", file: "b.yaml")
        let merged = first.merging(later)
        #expect(merged["a"]?["x"]?.integer == 1)
        #expect(merged["a"]?["y"]?.integer == 3)
        #expect(merged["a"]?["y"]?.position.file == "b.yaml")
        #expect(merged["a"]?["z"]?.integer == 4)
        guard case .sequence(let list)? = merged["l"]?.content else {
            Issue.record("no list")
            return
        }
        #expect(list.map(\.integer) == [9])
    }

    @Test func damagedFilesNeverTrap() {
        let originals = [
            "gateway: {id: gw-lab-1, site: lab}\nserial:\n  ports:\n    - {path: /dev/x, driver: \"mycobrain\"}\n",
            "a: &x [1, 'two', \"thr\\u00e9e\", *y]\nb: |\n  block\n  text\nc: >-\n  folded\n? k\n: v\n",
            "l0: &a [x, x]\nl1: &b [*a, *a]\nl2: {p: *b, q: *b}\n--- # two\n",
        ]
        var random = SeededRandom(seed: 1)
        for round in 0..<5_000 {
            let damaged = random.mutated(Array(originals[round % originals.count].utf8))
            do throws(YAMLError) {
                let root = try YAMLParser.parse(damaged, file: "f", limits: YAMLLimits(byteCountMax: 4096))
                _ = YAMLSection.read(root) { section in
                    _ = section.section("gateway") { $0.requiredText("id") }
                    _ = section.integer("a", in: 0...1)
                    _ = section.secret("token")
                }
            } catch {
                #expect(error.position.line >= 1 && error.position.column >= 1)
            }
        }
    }
}
