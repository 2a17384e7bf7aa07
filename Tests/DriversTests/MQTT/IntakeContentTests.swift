import Drivers
import EventLoop
import GatewayModel
import GatewayTestKit
import MQTT
import Synchronization
import Testing

/// What the intake does with the different kinds of messages.
@Suite struct IntakeContentTests {
    @Test func rejectedMessagesAreCountedNotedAndAcknowledged() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        for id in 1...40 { peer.send(.reading("reject this", id: UInt16(id))) }
        peer.send(.reading("partly good", id: 41))
        peer.send(.publish(Array("v3/app".utf8), [], id: 42))
        var packets: [MQTTPacket] = []
        while packets.count < 82, let packet = peer.next() {
            packets.append(packet)
            if packet.kind == .publish, let id = packet.id { peer.send(.puback(id)) }
        }
        #expect(packets.filter { $0.kind == .puback }.compactMap(\.id) == Array(1...42))
        #expect(packets.filter { $0.topic == "mycosoft/devices/dev-1/replay-ack" }.count == 40)
        #expect(Eventually.holds { rig.intake.status.messages == 42 })
        #expect(rig.intake.status.rejected == ["too_deep": 40, "unclaimed_topic": 1])
        #expect(rig.intake.status.mutilated == ["value_not_finite": 1])
        #expect(rig.intake.status.accepted == 1)
        let notes = rig.ledger.state.withLock { $0.notes }
        #expect(
            notes.filter { $0.kind == "message_rejected" }.count == 6, "a flood of rejects does not flood the events")
        #expect(notes.filter { $0.kind == "values_dropped" }.count == 1)
        #expect(
            notes.first?.body
                == #"{"reason":"too_deep","topic":"mycosoft/devices/dev-1/telemetry","bytes":11,"#
                + #""sample_hex":"72656a6563742074686973"}"#)
    }

    /// The peer's socket coalesces small packets, as mosquitto's do: what follows the PUBACK for a replay ack waits until
    /// that is acknowledged, which a kernel left to itself puts off for 40 ms.
    @Test func aBrokerThatCoalescesIsNotKeptWaiting() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        let clock = SystemClock()
        var rounds: [Int64] = []
        for round in 1...30 {
            let sent = clock.now().monotonicMilliseconds
            peer.send(.reading("ack \(round)", id: UInt16(round)))
            var answered = 0
            while answered < 2, let packet = peer.next() {
                if packet.kind == .publish, let id = packet.id { peer.send(.puback(id)) }
                answered += 1
            }
            rounds.append(clock.now().monotonicMilliseconds - sent)
        }
        #expect(rig.ledger.texts.count == 30)
        #expect(rounds.sorted()[15] < 20, "\(rounds) ms")
    }

    @Test func wordsArePassedOnAfterWhatCameBefore() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        rig.ledger.hold()
        peer.send(.reading("first", id: 1))
        peer.send(.reading("word: online", id: 2))
        #expect(Eventually.holds { rig.ledger.attempts == 1 })
        #expect(rig.ledger.state.withLock { $0.words }.isEmpty)
        rig.ledger.letGo()
        #expect(Eventually.holds { rig.ledger.state.withLock { $0.words } == ["word: online"] })
        #expect(peer.next()?.kind == .puback)
        #expect(peer.next()?.kind == .puback)
    }

    @Test func hostileMessagesDoNotDisturbTheNext() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        peer.send(
            .publish(Array("mycosoft/devices/dev-1/telemetry".utf8), Array(repeating: 0xFF, count: 1 << 20), id: 1))
        peer.send(.publish(Array("mycosoft/devices/../telemetry".utf8), [0xC3, 0x28], id: 2))
        peer.send(.publish(Array("a//b/".utf8), [], id: 3))
        peer.send(.publish(Array(repeating: UInt8(ascii: "t"), count: 60_000), [0], id: 4))
        peer.send(.reading("fine", id: 5))
        for id in 1...5 { #expect(peer.next() == .puback(UInt16(id))) }
        #expect(rig.ledger.texts == ["fine"])
    }

    @Test func aTopicThatIsNotUTF8CostsTheConnectionAndNothingElse() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        peer.send(.reading("before", id: 1))
        peer.send(.publish([0x61, 0xFF, 0xFE, 0x2F], [1], id: 2))
        while peer.next() != nil {}
        #expect(peer.isClosed)
        let again = try #require(broker.serveIntake(resumed: true))
        again.send(.reading("after", id: 3))
        #expect(again.next() == .puback(3))
        #expect(rig.ledger.texts == ["before", "after"])
    }

    @Test func refusedSubscriptionsAreShownAndTheOthersWork() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.welcome())
        #expect(peer.next()?.kind == .publish)
        var reasons = [UInt8](repeating: 1, count: IntakeSettings.filters.count)
        reasons[1] = 0x87
        #expect(peer.grant(reasons))
        #expect(peer.grant([1, 1]))
        #expect(rig.waitUntilSubscribed())
        #expect(rig.intake.status.refused == [IntakeSettings.filters[1]: .notAuthorized])
        #expect(rig.intake.condition.name == "degraded")
        peer.send(.reading("fine", id: 1))
        #expect(peer.next() == .puback(1))
    }

    @Test func aBrokerThatGrantsNothingIsAnError() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.welcome())
        #expect(peer.next()?.kind == .publish)
        #expect(peer.grant(Array(repeating: 0x87, count: IntakeSettings.filters.count)))
        #expect(peer.grant([0x87, 0x87]))
        #expect(Eventually.holds { rig.intake.status.lastErrorCode == "mqtt_subscription_refused" })
        #expect(!rig.intake.status.isSubscribed)
    }
}
