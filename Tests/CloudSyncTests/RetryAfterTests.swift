import GatewayTestKit
import HTTPClient
import Testing

@testable import CloudSync

struct RetryAfterTests {
    @Test func secondsAndDatesAreUnderstood() {
        #expect(RetryAfter.milliseconds("60", now: 0) == 60_000)
        #expect(RetryAfter.milliseconds("0", now: 0) == 0)
        let now: Int64 = 784_111_777_000
        #expect(RetryAfter.milliseconds("Sun, 06 Nov 1994 08:49:37 GMT", now: now) == 0)
        #expect(RetryAfter.milliseconds("Sun, 06 Nov 1994 08:50:37 GMT", now: now) == 60_000)
        #expect(RetryAfter.milliseconds("Thu, 29 Feb 2024 00:00:00 GMT", now: 1_709_164_799_000) == 1_000)
    }

    @Test func aPastDateMeansNow() {
        #expect(RetryAfter.milliseconds("Sun, 06 Nov 1994 08:49:37 GMT", now: 1_768_487_400_000) == 0)
    }

    @Test(arguments: [
        "", "-1", "soon", "1.5", "Sun, 06 Nov 1994 08:49:37", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "99999999999999999999",
    ])
    func anythingElseIsNotATime(text: String) { #expect(RetryAfter.milliseconds(text, now: 0) == nil) }

    @Test func hostileTextNeverTraps() {
        var random = SeededRandom(seed: 7)
        let valid = Array("Sun, 06 Nov 1994 08:49:37 GMT".utf8)
        for _ in 0..<20_000 {
            var bytes = valid
            for _ in 0..<random.integer(in: 1...6) {
                bytes[random.integer(in: 0...bytes.count - 1)] = UInt8(random.integer(in: 0...255))
            }
            _ = RetryAfter.milliseconds(String(decoding: bytes, as: UTF8.self), now: .max / 4)
        }
        #expect(RetryAfter.milliseconds(String(Int64.max), now: 0) == 1_000_000_000_000)
    }

    @Test func aDateIsMeasuredByTheServersClockWhateverOursSays() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT"
        let later = "Sun, 06 Nov 1994 08:50:07 GMT"
        let answer = ClientAnswer(status: 429, headers: [.init("Date", date), .init("Retry-After", later)])
        for wall: Int64 in [60_000, 4_000_000_000_000] {
            #expect(RetryAfter.milliseconds(answer, wall: wall) == 30_000)
        }
        let silent = ClientAnswer(status: 429, headers: [.init("Retry-After", later)])
        #expect(RetryAfter.milliseconds(silent, wall: 784_111_777_000) == 30_000)
    }
}
