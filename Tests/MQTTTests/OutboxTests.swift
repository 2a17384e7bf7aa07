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
            try outbox.forward(to: connection)
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
        try outbox.forward(to: lost)
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
