import GatewayTestKit
import Testing
import YAMLText

struct UnitTextTests {
    @Test(
        arguments: [
            ("250ms", 250), ("5s", 5_000), ("10m", 600_000), ("1h", 3_600_000), ("30d", 2_592_000_000),
            ("1h30m", 5_400_000),
            ("0s", 0),
        ] as [(String, Int64)])
    func durationsAreReadAndPrinted(_ text: String, _ milliseconds: Int64) {
        #expect(DurationText.parse(text) == .milliseconds(milliseconds))
        #expect(DurationText.text(.milliseconds(milliseconds)) == text)
    }

    @Test(arguments: ["", "5", "s", "5 s", "-5s", "5s5h", "1h1h", "5x", "9223372036854775807d", "٣s", "1h 5s"])
    func whatIsNoDurationIsRefused(_ text: String) {
        #expect(DurationText.parse(text) == nil)
    }

    @Test(
        arguments: [
            ("512B", 512, "512B"), ("64MiB", 67_108_864, "64MiB"), ("1kB", 1_000, "1000B"), ("2048", 2_048, "2KiB"),
            ("0", 0, "0B"), ("1TiB", 1_099_511_627_776, "1TiB"),
        ] as [(String, Int64, String)])
    func sizesAreReadAndPrinted(_ text: String, _ bytes: Int64, _ printed: String) {
        #expect(ByteCountText.parse(text) == bytes)
        #expect(ByteCountText.text(bytes) == printed)
    }

    @Test(arguments: ["", "MiB", "64 MiB", "-1", "64mib", "9223372036854775807KiB", "1.5GiB"])
    func whatIsNoSizeIsRefused(_ text: String) {
        #expect(ByteCountText.parse(text) == nil)
    }

    @Test func durationsOfWholeMillisecondsSurviveTheText() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<1_000 {
            let duration = Duration.milliseconds(random.integer(in: 0...10_000_000_000))
            #expect(DurationText.parse(DurationText.text(duration)) == duration)
        }
    }
}
