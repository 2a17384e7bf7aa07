import GatewayModel
import GatewayTestKit
import Testing

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

    @Test func aHostileSenderCannotFillMemoryWithUnits() {
        var refused = 0
        for number in 0..<2_000 where Unit("model-test-\(number)") == nil { refused += 1 }
        #expect(refused >= 1_000)
        #expect(Unit("Cel") == .celsius, "those that are known stay known")
        #expect(Unit(known: "model-test-first-used-now").code == "model-test-first-used-now", "there is room for ours")
    }
}
