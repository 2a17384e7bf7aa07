import CLinux
import GatewayTestKit
import Glibc
import MQTT
import Testing

/// What leaves and what does not, seen by a broker that records every byte.
@Suite struct AcknowledgementTests {
    final class Counter { var count = 0 }

    /// A connection that the scripted broker has accepted, with the broker's end.
    private func connect(
        _ broker: ScriptedBroker, counter: Counter = Counter(), change: (inout MQTTConfiguration) -> Void = { _ in }
    ) throws -> (MQTTConnection, ScriptedBroker.Peer, connect: MQTTPacket) {
        var configuration = MQTTConfiguration(host: "127.0.0.1", port: broker.port, clientID: "gw")
        change(&configuration)
        let connection = try MQTTConnection(configuration) { _ in counter.count += 1 }
        try connection.connect()
        let peer = try #require(broker.accept())
        try connection.write()
        let packet = peer.next()
        peer.send(.connack(resumed: false))
        try readUntil(connection) { _ in connection.takeEvents() == [.connected(resumed: false)] }
        return (connection, peer, try #require(packet))
    }

    private func readUntil(_ connection: MQTTConnection, _ condition: (MQTTConnection) -> Bool) throws {
        for _ in 0..<1_000 {
            var entry = pollfd(fd: connection.fileDescriptor, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, 100) > 0 { try connection.read() }
            if condition(connection) { return }
        }
        Issue.record("the broker's packets did not arrive")
    }

    @Test func acknowledgementsLeaveWithWriteAndNotBefore() throws {
        let broker = try ScriptedBroker()
        let counter = Counter()
        let (connection, peer, _) = try connect(broker, counter: counter)
        for id in 1...50 { peer.send(.publish(Array("a/b".utf8), [1, 2, 3], id: UInt16(id))) }
        try readUntil(connection) { _ in counter.count == 50 }
        try connection.keepAlive()
        #expect(connection.wantsWrite)
        #expect(peer.next(within: .milliseconds(100)) == nil)
        while connection.wantsWrite { try connection.write() }
        for id in 1...50 { #expect(peer.next() == .puback(UInt16(id))) }
    }

    @Test func ourOwnPublicationsDoNotPushAcknowledgementsOut() throws {
        let broker = try ScriptedBroker()
        let counter = Counter()
        let (connection, peer, _) = try connect(broker, counter: counter)
        peer.send(.publish(Array("a/b".utf8), [1], id: 7))
        try readUntil(connection) { _ in counter.count == 1 }
        _ = try connection.publish(MQTTPublication(topic: "x", text: "0", qos: .atMostOnce))
        _ = try connection.publish(MQTTPublication(topic: "x", text: "1"))
        _ = try connection.publish(MQTTPublication(topic: "x", text: "2", qos: .exactlyOnce))
        _ = try connection.subscribe(["y/#"])
        peer.send(MQTTPacket(.pingresp))
        try connection.read()
        #expect(peer.next(within: .milliseconds(100)) == nil)
        while connection.wantsWrite { try connection.write() }
        #expect(peer.next() == .puback(7))
        #expect(peer.next()?.topic == "x")
    }

    @Test func destroyingLetsNothingOut() throws {
        let broker = try ScriptedBroker()
        let counter = Counter()
        let (connection, peer, _) = try connect(broker, counter: counter)
        for id in 1...100 { peer.send(.publish(Array("a/b".utf8), [1, 2, 3], id: UInt16(id))) }
        try readUntil(connection) { _ in counter.count == 100 }
        let before = peer.received.count
        connection.destroyWithoutDisconnect()
        #expect(peer.next() == nil)
        #expect(peer.isClosed)
        #expect(peer.received.count == before)
        #expect(throws: MQTTError.self) { try connection.write() }
    }

    @Test func connectKeepsTheSessionAndLimitsWhatIsInFlight() throws {
        let broker = try ScriptedBroker()
        let (_, _, packet) = try connect(broker) { $0.cleanStart = false }
        // Protocol name, version 5, flags, keep alive 30 s.
        #expect(Array(packet.body[..<10]) == [0, 4] + Array("MQTT".utf8) + [5, 0, 0, 30])
        let properties = Array(packet.body[11..<11 + Int(packet.body[10])])
        #expect(contains(properties, [17, 0x00, 0x09, 0x3A, 0x80]), "session expiry of seven days")
        #expect(contains(properties, [33, 0x03, 0xE8]), "receive maximum of 1000")
        #expect(contains(properties, [39, 0x00, 0x80, 0x00, 0x00]), "packets of at most 8 MiB")
        #expect(packet.body.suffix(2) == Array("gw".utf8))
    }

    @Test func aRefusedSubscriptionIsReportedWithItsReason() throws {
        let broker = try ScriptedBroker()
        let (connection, peer, _) = try connect(broker)
        let id = try connection.subscribe(["allowed/#", "forbidden/#"])
        while connection.wantsWrite { try connection.write() }
        #expect(peer.grant([1, 0x87]))
        var events: [MQTTEvent] = []
        try readUntil(connection) { _ in
            events = connection.takeEvents()
            return !events.isEmpty
        }
        #expect(events == [.subscribed(id: id, [MQTTReason(rawValue: 1), .notAuthorized])])
        #expect(MQTTReason.notAuthorized.description == "Not authorized (135)")
    }

    @Test func theBrokersReasonForClosingIsTheError() throws {
        let broker = try ScriptedBroker()
        let (connection, peer, _) = try connect(broker)
        peer.send(MQTTPacket(.disconnect, [0x8E, 0]))
        #expect(throws: MQTTError.disconnected(.sessionTakenOver)) {
            try readUntil(connection) { _ in false }
        }
    }

    /// One property that MQTT does not know is left out: on that, libmosquitto 2.0.11 ends the process by itself. A
    /// broker checks what devices send, so only a broker that is broken itself could do it.
    @Test(arguments: [
        [0x32, 0x05, 0x00, 0x09, 0x61, 0x62, 0x63],  // a topic longer than its packet
        [0x32, 0x06, 0x00, 0x01, 0x61, 0x00, 0x00, 0x00],  // packet identifier 0
        [0x36, 0x06, 0x00, 0x01, 0x61, 0x00, 0x01, 0x00],  // QoS 3
        [0x32, 0x06, 0x00, 0x01, 0x2B, 0x00, 0x01, 0x00],  // a wildcard as topic
        [0x32, 0x06, 0x00, 0x01, 0xFF, 0x00, 0x01, 0x00],  // a topic that is not UTF-8
        [0x32, 0x06, 0x00, 0x01, 0x00, 0x00, 0x01, 0x00],  // a topic with a zero byte
        [0x32, 0x03, 0x00, 0x01, 0x61],  // nothing behind the topic
        [0x90, 0x00],  // an empty SUBACK
        [0x40, 0x01, 0x00],  // half a PUBACK
        [0x20, 0x03, 0x00, 0x00, 0x00],  // a second CONNACK
        [0xF0, 0x02, 0x00, 0x00],  // an AUTH exchange nobody asked for
        [0x00, 0x00],  // no packet at all
        [0x32, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],  // a length of five bytes
    ])
    func malformedPacketsEndInAnErrorAndAcknowledgeNothing(_ bytes: [UInt8]) throws {
        let broker = try ScriptedBroker()
        let counter = Counter()
        let (connection, peer, _) = try connect(broker, counter: counter)
        let before = peer.received.count
        peer.send(.publish(Array("a/b".utf8), [1], id: 7))
        peer.send(bytes)
        try readUntil(connection) { _ in counter.count == 1 }
        // A packet may be taken for nothing, or end the connection with a reason; the process goes on.
        do { for _ in 0..<3 { try connection.read() } } catch { #expect(error.code.hasPrefix("mqtt_")) }
        connection.destroyWithoutDisconnect()
        #expect(peer.next() == nil)
        #expect(peer.received.count == before)
    }

    private func contains(_ bytes: [UInt8], _ part: [UInt8]) -> Bool {
        (0...max(0, bytes.count - part.count)).contains { bytes.dropFirst($0).starts(with: part) }
    }
}
