import Drivers
import GatewayTestKit
import Journal
import MQTT
import Synchronization
import Testing

/// The sentence the gateway lives by, seen by a broker that records every byte: acknowledged only when durable.
@Suite struct GroupAcknowledgementTests {
    @Test func noAcknowledgementLeavesWhileTheCommitIsUnderWay() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        rig.ledger.hold()
        for id in 1...200 { peer.send(.reading("ack \(id)", id: UInt16(id))) }
        #expect(Eventually.holds { rig.ledger.attempts == 1 })
        // A publication of ours, and pings, must not carry the acknowledgements out with them.
        try rig.intake.publish(MQTTPublication(topic: "mycosoft/devices/dev-1/cmd", text: "{}"))
        #expect(peer.next(within: .milliseconds(300)) == nil)
        rig.ledger.letGo()
        var acknowledged: [UInt16] = []
        while acknowledged.count < 200, let packet = peer.next() {
            if packet.kind == .puback, let id = packet.id { acknowledged.append(id) }
        }
        #expect(acknowledged == Array(1...200))
        #expect(Eventually.holds { rig.ledger.texts.count == 200 })
    }

    @Test func aRefusedCommitEndsTheConnectionWithoutAByte() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        let before = peer.received.count
        rig.ledger.refuse(true)
        for id in 1...50 { peer.send(.reading("r\(id)", id: UInt16(id))) }
        #expect(peer.next() == nil)
        #expect(peer.isClosed)
        #expect(peer.received.count == before)
        #expect(Eventually.holds { rig.intake.status.state == .held })
        #expect(rig.intake.status.lastErrorCode == "journal_refuses")
        // While the journal refuses, nobody connects.
        #expect(broker.accept(within: .milliseconds(300)) == nil)
        rig.ledger.refuse(false)
        let again = try #require(broker.serveIntake(resumed: true))
        for id in 1...50 { again.send(.reading("r\(id)", id: UInt16(id), duplicate: true)) }
        for id in 1...50 { #expect(again.next() == .puback(UInt16(id))) }
        // What had been read was the first to be stored; the repetitions came with the word that they are some.
        #expect(Array(rig.ledger.texts.suffix(50)) == (1...50).map { "r\($0)" })
        let starts = rig.ledger.state.withLock { $0.starts }
        #expect(starts.contains(.resumed(underWayMax: 1_000)))
        #expect(starts.first == .fresh)
    }

    @Test func aResumedSessionIsToldWithItsFirstBatchOnly() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port) { $0.batchMax = 100 }
        let peer = try #require(broker.serveIntake(resumed: true))
        for id in 1...1_100 { peer.send(.reading("r\(id)", id: UInt16(id))) }
        #expect(Eventually.holds { rig.ledger.texts.count == 1_100 })
        let starts = rig.ledger.state.withLock { $0.starts }
        #expect(starts.first == .resumed(underWayMax: 1_000))
        #expect(starts.dropFirst().allSatisfy { $0 == nil })
        #expect(starts.count >= 11, "no batch is larger than allowed")
    }

    @Test func replayAcksFollowTheCommit() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port, clock: VirtualClock()) { $0.batchMax = 1 }
        let peer = try #require(broker.serveIntake())
        peer.send(.reading("ack-me", id: 1))
        #expect(peer.next() == .puback(1) || rig.ledger.texts == ["ack-me"])
        var publication = peer.next()
        if publication?.kind != .publish { publication = peer.next() }
        let packet = try #require(publication)
        #expect(packet.topic == "mycosoft/devices/dev-1/replay-ack")
        #expect(
            String(decoding: packet.body, as: UTF8.self).hasSuffix(
                #"{"deviceId":"dev-1","msgId":"ack-me","seq":7,"accepted":true,"reason":null,"#
                    + #""ackedAtUtc":"2026-01-15T14:30:00.000Z"}"#))
    }

    @Test func stoppingStoresAndAcknowledgesWhatWasRead() throws {
        let broker = try ScriptedBroker()
        let rig = try IntakeRig(port: broker.port)
        let peer = try #require(broker.serveIntake())
        for id in 1...10 { peer.send(.reading("r\(id)", id: UInt16(id))) }
        #expect(Eventually.holds { rig.ledger.texts.count == 10 })
        rig.end()
        var kinds: [MQTTPacket.Kind] = []
        while let packet = peer.next(), let kind = packet.kind { kinds.append(kind) }
        #expect(kinds.filter { $0 == .puback }.count == 10)
        #expect(kinds.suffix(2) == [.publish, .disconnect])
        #expect(rig.intake.status.state == .disconnected)
    }
}
