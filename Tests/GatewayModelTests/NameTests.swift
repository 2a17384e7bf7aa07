import GatewayTestKit
import Testing

@testable import GatewayModel

struct NameTests {
    @Test(arguments: [
        "mycobrain-01", "A-F2:7C:3A:1D:B4:10", "Bank_7", "pilz-käfer", String(repeating: "x", count: 128),
    ])
    func usualDeviceIDsAreAccepted(_ text: String) throws {
        let id = try #require(DeviceID(text))
        #expect(id.text == text)
        #expect(try #require(DeviceName(id)).id == id)
    }

    @Test(arguments: [
        "", " ", "a b", "a/b", "a+", "#", "$SYS", ".hidden", "a\"b", "a\\b", "a\nb", "a\u{0}b", "a\u{7F}b",
        String(repeating: "x", count: 129),
    ])
    func idsThatWouldChangeTheirMeaningElsewhereAreRefused(_ text: String) {
        #expect(DeviceID(text) == nil)
    }

    @Test func aNameIsOneNumberForEver() throws {
        let first = try #require(MetricName("model_test.a"))
        let other = try #require(MetricName("model_test.b"))
        #expect(MetricName("model_test.a") == first)
        #expect(first != other)
        #expect(first.text == "model_test.a")
        var text = "model_test.a"
        #expect(text.withUTF8 { MetricName(utf8: $0) } == first)
        #expect(MetricName("") == nil)
        #expect(MetricName("a\u{1}") == nil)
        #expect(MetricName(String(repeating: "x", count: 129)) == nil)
    }

    @Test func aHostileSenderFillsNeitherMemoryNorTheRoomForOurOwnNames() {
        // A table of its own: the shared ones serve every other test of this process.
        let table = NameTable(countMax: 100)
        let taken = (0..<2_000).filter { table.index(of: "hostile-\($0)") != nil }
        #expect(taken == Array(0..<100))
        #expect(table.text(at: table.index(ofKnown: "ours, first used now")) == "ours, first used now")
        #expect(table.index(of: "hostile-5") == 5, "those that are known stay known")
        #expect(table.index(of: "hostile-late") == nil)
    }
}
