import CLinux
import GatewayTestKit
import Glibc
import MQTT
import Synchronization
import Testing

@Suite struct OutboxTests {
    final class Log: Sendable {
        let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    private func work(
        _ connection: MQTTConnection, _ outbox: MQTTOutbox, until condition: () -> Bool
    ) throws {
        for _ in 0..<2_000 {
            try outbox.forward(to: connection, now: 0)
            if connection.wantsWrite { try connection.write() }
            var entry = pollfd(fd: connection.fileDescriptor, events: Int16(POLLIN), revents: 0)
            if poll(&entry, 1, 5) > 0 { try connection.read() }
            for case .published(let id, let reason) in connection.takeEvents() { outbox.settle(id, reason) }
            if condition() { return }
        }
        Issue.record("the publications were not confirmed")
    }

    @Test func publicationsOfOtherThreadsAreConfirmedOnce() throws {
        let broker = try BrokerProcess()
        let log = Log()
        let wakes = Atomic<Int>(0)
        let outbox = MQTTOutbox { wakes.add(1, ordering: .relaxed) }
        for number in 0..<300 {
            try outbox.submit(MQTTPublication(topic: "t/\(number)", text: "x")) { result in
                if case .success(.noMatchingSubscribers) = result { log.add("\(number)") }
            }
        }
        let connection = try MQTTConnection(.init(host: "127.0.0.1", port: UInt16(broker.port), clientID: "gw")) { _ in
        }
        try connection.connect()
        try work(connection, outbox) { outbox.count == 0 }
        #expect(log.all == (0..<300).map(String.init))
        #expect(wakes.load(ordering: .relaxed) == 300)
    }

    @Test func whatABrokerDidNotConfirmIsPublishedAgainInOrderOnTheNextConnection() throws {
        let log = Log()
        let outbox = MQTTOutbox {}
        let first = try ScriptedBroker()
        let lost = try MQTTConnection(.init(host: "127.0.0.1", port: first.port, clientID: "gw")) { _ in }
        try lost.connect()
        for number in 0..<10 {
            try outbox.submit(MQTTPublication(topic: "t", text: "\(number)")) { _ in log.add("\(number)") }
        }
        try outbox.forward(to: lost, now: 0)
        lost.destroyWithoutDisconnect()
        outbox.connectionEnded()
        #expect(outbox.count == 10)

        let broker = try BrokerProcess()
        let watcher = try BlockingMQTTClient(port: broker.port, id: "watcher")
        try watcher.subscribe(["t"])
        let connection = try MQTTConnection(.init(host: "127.0.0.1", port: UInt16(broker.port), clientID: "gw")) { _ in
        }
        try connection.connect()
        try work(connection, outbox) { outbox.count == 0 }
        #expect(try watcher.work { $0.messages.map(\.text) == (0..<10).map(String.init) })
        #expect(log.all == (0..<10).map(String.init))
    }

    @Test func whatExpiresWhileTheBrokerIsAwayIsNotSentAnyMore() throws {
        let log = Log()
        let outbox = MQTTOutbox {}
        let first = try ScriptedBroker()
        let lost = try MQTTConnection(.init(host: "127.0.0.1", port: first.port, clientID: "gw")) { _ in }
        try lost.connect()
        for deadline: Int64 in [5_000, 90_000] {
            var publication = MQTTPublication(topic: "t", text: "\(deadline)")
            publication.deadline = deadline
            try outbox.submit(publication) { result in
                if case .failure(.timedOut) = result { log.add("\(deadline)") }
            }
        }
        try outbox.forward(to: lost, now: 1_000)
        lost.destroyWithoutDisconnect()
        outbox.connectionEnded()

        let second = try ScriptedBroker()
        let connection = try MQTTConnection(.init(host: "127.0.0.1", port: second.port, clientID: "gw")) { _ in }
        try connection.connect()
        try connection.write()
        let peer = try #require(second.welcome())
        #expect(
            try Eventually.holds {
                try connection.read()
                return !connection.takeEvents().isEmpty
            })
        try outbox.forward(to: connection, now: 5_000)
        try connection.write()
        let sent = try #require(peer.next())
        #expect(sent.body.suffix(5) == Array("90000".utf8)[...])
        // What is left of its time: property 0x02, 85 seconds.
        #expect(sent.bytes.contains([0x02, 0, 0, 0, 85]))
        #expect(log.all == ["5000"] && outbox.count == 1)
    }

    @Test func aFullOutboxRefusesAndAnImpossiblePublicationHoldsUpNobody() throws {
        let broker = try BrokerProcess()
        let log = Log()
        let outbox = MQTTOutbox(countMax: 2, byteCountMax: 100) {}
        try outbox.submit(MQTTPublication(topic: "wild/#", text: "x")) { result in
            if case .failure(.invalid) = result { log.add("refused") }
        }
        #expect(throws: MQTTError.outboxFull) {
            try outbox.submit(MQTTPublication(topic: "t", payload: Array(repeating: 0, count: 100)))
        }
        try outbox.submit(MQTTPublication(topic: "t", text: "x")) { _ in log.add("sent") }
        #expect(throws: MQTTError.outboxFull) { try outbox.submit(MQTTPublication(topic: "t", text: "x")) }
        let connection = try MQTTConnection(.init(host: "127.0.0.1", port: UInt16(broker.port), clientID: "gw")) { _ in
        }
        try connection.connect()
        try work(connection, outbox) { outbox.count == 0 }
        #expect(log.all == ["refused", "sent"])
        try outbox.submit(MQTTPublication(topic: "t", text: "x")) { result in
            if case .failure = result { log.add("closed") }
        }
        outbox.close(.timedOut("stopping"))
        #expect(log.all.last == "closed")
        #expect(throws: MQTTError.outboxFull) { try outbox.submit(MQTTPublication(topic: "t", text: "x")) }
    }
}
