import GatewayModel
import GatewayTestKit
import Testing

@testable import CloudSync

struct PublishedIDTests {
    @Test func anIdSaysHowFarItsStreamIsTold() throws {
        let record = try #require(PublishedID("gw-1/e1/readings/1201"))
        #expect(record.gateway == "gw-1")
        #expect(record.epoch == "e1")
        #expect(record.stream == .readings)
        #expect(record.through == SequenceNumber(1_201))
        let gap = PublishedID.gap(
            StreamGap(from: SequenceNumber(3), to: SequenceNumber(9), count: 7, reason: "evicted"), of: .audit,
            gateway: "gw-1", epoch: "e1")
        #expect(PublishedID(gap)?.through == SequenceNumber(9))
        #expect(PublishedID(PublishedID.again(gap, attempt: 2)) == PublishedID(gap))
        #expect(PublishedID.again("x", attempt: 0) == "x")
    }

    @Test(arguments: [
        "", "x", "gw/e/readings", "gw/e/readings/", "gw/e/readings/0", "gw/e/readings/-4", "gw/e/readings/1x",
        "gw/e/other/1", "/e/readings/1", "gw//readings/1", "gw/e/readings/1/2", "gw/e/readings/9-3",
        "gw/e/readings/1-2-3", "gw/e/readings/99999999999999999999", "gw/e/readings/1#", "gw/e/readings/1#x",
    ])
    func anyOtherIdIsSomebodyElses(text: String) { #expect(PublishedID(text) == nil) }

    @Test func noBytesTrap() {
        var random = SeededRandom(seed: 11)
        for _ in 0..<20_000 {
            let bytes = random.mutated(Array("gw-1/e1/readings/12-15#2".utf8))
            _ = PublishedID(String(decoding: bytes, as: UTF8.self))
        }
    }

    @Test func aGatewaysIdIsOneTokenOfItsSubject() {
        #expect(PublishedSubject.name(gateway: "gw-1", stream: .audit) == "mycogate.gw-1.audit")
        #expect(PublishedSubject.name(gateway: "lab.gw", stream: .audit) == "mycogate.lab%2Egw.audit")
    }

    @Test(arguments: [
        ("mycogate.>", true), ("mycogate.gw.readings", true), ("mycogate.*.readings", true), (">", true),
        ("mycogate.gw.*", true), ("mycogate.gw", false), ("mycogate.gw.readings.>", false),
        ("mycogate.gw.audit", false), ("*.readings", false),
    ])
    func aPatternTakesASubjectAsTheServerDoes(pattern: String, takes: Bool) {
        #expect(PublishedSubject.matches(pattern, "mycogate.gw.readings") == takes)
    }
}
