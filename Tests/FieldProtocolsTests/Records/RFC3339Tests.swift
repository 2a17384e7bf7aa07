import FieldProtocols
import GatewayTestKit
import Testing

@Suite struct TimesAsText {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_768_487_400_123, "2026-01-15T14:30:00.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (.max, "9999-12-31T23:59:59.999Z"),
            (.min, "0001-01-01T00:00:00.000Z"),
        ] as [(Int64, String)])
    func timesArePrinted(milliseconds: Int64, text: String) {
        #expect(RFC3339.text(milliseconds) == text)
    }

    @Test(
        arguments: [
            ("2026-01-15T14:30:00.123Z", 1_768_487_400_123), ("2026-01-15T14:30:00Z", 1_768_487_400_000),
            ("2026-01-15T16:30:00+02:00", 1_768_487_400_000), ("2026-01-15T09:00:00.5-0530", 1_768_487_400_500),
            ("2026-01-15 14:30:00.123456789", 1_768_487_400_123), ("2026-01-15t14:30z", 1_768_487_400_000),
            ("2016-12-31T23:59:60Z", 1_483_228_800_000), ("2026-01-15T14:30:00.12+00", 1_768_487_400_120),
        ] as [(String, Int64)])
    func timesAreRead(text: String, milliseconds: Int64) {
        #expect(RFC3339.milliseconds(of: text) == milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-15T24:00:00Z", "2026-01-15T14:60:00Z",
        "2026-01-15T14:30:61Z", "2026-01-15T14:30:00.Z", "2026-01-15T14:30:00Zx", "2026-01-15T14:30:00+2",
        "0000-01-01T00:00:00Z", "2026-01-15", "20260115T143000Z", "-026-01-15T14:30:00Z", "2026-01-15T14:30:00+24:00",
    ])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(RFC3339.milliseconds(of: text) == nil)
    }

    @Test func everyPrintedTimeReadsBackTheSame() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<20_000 {
            let time = Int64.random(in: RFC3339.milliseconds, using: &random)
            #expect(RFC3339.milliseconds(of: RFC3339.text(time)) == time)
        }
    }
}
