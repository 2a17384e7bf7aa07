import FieldProtocols
import GatewayModel
import Synchronization
import Testing

/// A topic is looked up once for all families, and what they know of it holds until the topics are numbered anew.
@Suite struct TopicMemoryTests {
    /// Counts how often it is asked, and always answers the same.
    private struct Asked: TopicFamily {
        final class Count: Sendable {
            private let number = Mutex(0)
            var value: Int { number.withLock { $0 } }
            func add() { number.withLock { $0 += 1 } }
        }

        let count = Count()
        let answer: Verdict?
        var filters: [TopicFilter] { [] }

        mutating func decode(
            _ message: TopicMessage, into batch: inout ObservationBatch, effects: inout TopicEffects
        ) throws(RejectReason) -> Verdict? {
            count.add()
            return answer
        }
    }

    @Test func aFamilyIsNotAskedAgainForATopicThatIsNoneOfIts() {
        let (stranger, undecided, owner, last) = (
            Asked(answer: nil), Asked(answer: .unclaimed), Asked(answer: .taken), Asked(answer: nil)
        )
        var rig = FamilyRig(stranger, undecided, owner, last)
        for _ in 0..<3 { #expect(rig.hear("some/topic", "1").verdict == .taken) }
        #expect(stranger.count.value == 1, "once is enough")
        #expect(undecided.count.value == 3, "another message may be its")
        #expect(owner.count.value == 3)
        #expect(last.count.value == 0, "whoever comes later is not asked for what is taken")
        #expect(rig.hear("other/topic", "1").verdict == .taken)
        #expect(stranger.count.value == 2, "each topic by itself")
    }

    @Test func aTopicThatNobodyHasTakenIsStillAskedForByThoseWhoMayTakeItLater() {
        var rig = FamilyRig(.shelly, .homeassistant, .esphome)
        #expect(rig.hear("plug/online", "maybe").verdict == .unclaimed)
        #expect(rig.hear("plug/online", "true").presence == ["plug": true])
        #expect(rig.hear("meter/value", "7").verdict == .unclaimed)
        _ = rig.hear("homeassistant/sensor/m/config", #"{"stat_t":"meter/value","dev":{"ids":"meter"}}"#)
        #expect(rig.hear("meter/value", "7").values == ["meter m": .number(7)])
        _ = rig.hear("homeassistant/sensor/m/config", "")
        #expect(rig.hear("meter/value", "7").verdict == .unclaimed)
    }

    /// More than are remembered: the numbers mean other topics afterwards, to every family.
    @Test func whatFamiliesKnowOfTopicsEndsWithTheirNumbers() {
        var rig = FamilyRig(
            all: TopicFamilyName.allCases.map { $0.make() } + [SiteTopicsFamily(topics: [SiteTopic(filter: "site/#")])])
        let messages: [(topic: String, payload: String, device: String)] = [
            ("zigbee2mqtt/z1", #"{"humidity":1}"#, "z1"), ("zigbee2mqtt/z2", #"{"humidity":1}"#, "z2"),
            ("tele/t1/SENSOR", #"{"A":{"Power":1}}"#, "t1"), ("tele/t2/SENSOR", #"{"A":{"Power":1}}"#, "t2"),
            ("s1/status/sys", #"{"uptime":1}"#, "s1"), ("s2/status/sys", #"{"uptime":1}"#, "s2"),
            ("e1/sensor/t/state", "1", "e1"), ("e2/sensor/t/state", "1", "e2"),
            ("homie/5/h1/a/t", "1", "h1"), ("homie/5/h2/a/t", "1", "h2"),
            ("site/d1", #"{"v":1}"#, "d1"), ("site/d2", #"{"v":1}"#, "d2"),
        ]
        for message in messages {
            #expect(rig.hear(message.topic, message.payload).records.map(\.device) == [message.device])
        }
        for number in 0..<33_000 { #expect(rig.hear("nobody/\(number)", "x").verdict == .unclaimed) }
        for message in messages.reversed() {
            #expect(rig.hear(message.topic, message.payload).records.map(\.device) == [message.device])
        }
    }

    /// Names that are no names of devices, each as long as a payload may be: 64 MB of them in all.
    @Test func longNamesAreNotRememberedBeyondABound() {
        var rig = FamilyRig(all: [SiteTopicsFamily(topics: [SiteTopic(filter: "site/#")])])
        var before = 0
        for number in 0..<256 {
            if number == 32 { before = InventedNameTests.residentPages() }
            let name = String(repeating: "x", count: 250_000) + "\(number)"
            _ = rig.hear("site/long", "m,dev=\(name) v=1")
        }
        #expect(InventedNameTests.residentPages() - before < 6_144, "24 MiB")
    }
}
