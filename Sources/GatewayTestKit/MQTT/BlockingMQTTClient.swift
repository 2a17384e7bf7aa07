import CLinux
import Glibc
public import MQTT

/// A client for tests and simulations that does one thing after the other and acknowledges at once.
public final class BlockingMQTTClient {
    /// A message that has arrived.
    public struct Message: Sendable, Equatable {
        /// As it came.
        public var topic: String
        public var payload: [UInt8]
        public var retained: Bool
        public var isRedelivered: Bool
        public var text: String { String(decoding: payload, as: UTF8.self) }
    }

    private final class Inbox {
        var messages: [Message] = []
    }

    private let inbox = Inbox()
    private let connection: MQTTConnection
    private var events: [MQTTEvent] = []
    /// Whether the broker still had the session.
    public private(set) var resumed = false

    /// Connects and waits for the broker's answer.
    public init(_ configuration: MQTTConfiguration) throws {
        let inbox = inbox
        connection = try MQTTConnection(configuration) { message in
            inbox.messages.append(
                Message(
                    topic: String(decoding: message.topic, as: UTF8.self), payload: Array(message.payload),
                    retained: message.retained, isRedelivered: message.isRedelivered))
        }
        try connection.connect()
        while true {
            try step()
            if let event = takeEvent(where: { if case .connected = $0 { true } else { false } }) {
                if case .connected(let resumed) = event { self.resumed = resumed }
                return
            }
        }
    }

    /// Connects to a broker on 127.0.0.1 without credentials.
    public convenience init(port: Int, id: String) throws {
        try self.init(MQTTConfiguration(host: "127.0.0.1", port: UInt16(port), clientID: id))
    }

    /// What has arrived and was not taken yet.
    public var messages: [Message] { inbox.messages }

    /// What has arrived since the last time.
    public func takeMessages() -> [Message] {
        defer { inbox.messages = [] }
        return inbox.messages
    }

    /// Publishes and returns when the broker has acknowledged (or, QoS 0, when it is written).
    @discardableResult
    public func publish(_ publication: MQTTPublication) throws -> MQTTReason {
        let wanted = try connection.publish(publication)
        while true {
            for case .published(let id, let reason) in events where id == wanted { return reason }
            try step()
        }
    }

    /// Publishes text and returns when the broker has acknowledged.
    @discardableResult
    public func publish(_ topic: String, _ text: String, qos: MQTTPublication.QoS = .atLeastOnce) throws -> MQTTReason {
        try publish(MQTTPublication(topic: topic, text: text, qos: qos))
    }

    /// Subscribes and returns when the broker has agreed.
    public func subscribe(_ filters: [String]) throws {
        let wanted = try connection.subscribe(filters)
        while true {
            for case .subscribed(let id, let reasons) in events where id == wanted {
                for (filter, reason) in zip(filters, reasons) where reason.isFailure {
                    throw MQTTError.subscriptionRefused(filter: filter, reason)
                }
                return
            }
            try step()
        }
    }

    /// Works until `condition` holds, at most for `limit`; whether it held.
    public func work(
        within limit: Duration = .seconds(10), until condition: (BlockingMQTTClient) -> Bool
    ) throws -> Bool {
        var failure: (any Error)?
        let held = Eventually.holds(within: limit) {
            do { try step(waiting: 5) } catch { failure = error }
            return failure != nil || condition(self)
        }
        if let failure { throw failure }
        return held
    }

    /// Ends in order: the broker does not publish the will.
    public func close() {
        // A connection that is gone already has nothing to end.
        try? connection.disconnect()
        try? connection.write()
        connection.destroyWithoutDisconnect()
    }

    /// Goes away without a word, as a process that is killed.
    public func drop() { connection.destroyWithoutDisconnect() }

    private func step(waiting milliseconds: Int32 = 50) throws {
        if connection.wantsWrite { try connection.write() }
        var entry = pollfd(fd: connection.fileDescriptor, events: Int16(POLLIN), revents: 0)
        if poll(&entry, 1, milliseconds) > 0 { try connection.read() }
        try connection.keepAlive()
        if connection.wantsWrite { try connection.write() }
        events += connection.takeEvents()
        if events.count > 10_000 { events.removeFirst(5_000) }
    }

    private func takeEvent(where matches: (MQTTEvent) -> Bool) -> MQTTEvent? {
        events.firstIndex(where: matches).map { events.remove(at: $0) }
    }
}
