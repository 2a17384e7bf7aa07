internal import EventLoop
internal import FieldProtocols
internal import GatewayModel
internal import Synchronization

/// Reads pages of the stream and renders their envelopes on a thread of its own, so that the destination's thread has
/// nothing to do but send. One page at a time; ends when it is released.
final class EnvelopeReader: Sendable {
    /// A record with what is sent for it, the same bytes at every attempt. An object, since it goes from hand to hand.
    final class Envelope: Sendable {
        let record: StoredRecord
        let messageID: String
        /// Nil for a record that has no device and so no envelope.
        let body: [UInt8]?

        init(record: StoredRecord, messageID: String, body: [UInt8]?) {
            self.record = record
            self.messageID = messageID
            self.body = body
        }
    }

    /// What a page came to.
    struct Page: Sendable {
        var envelopes: [Envelope]
        var next: SequenceNumber
        var more: Bool
    }

    /// What the two threads share.
    private final class Desk: Sendable {
        struct State {
            var asked: (after: SequenceNumber, limit: Int)?
            var answer: Result<Page, any Error>?
            var isClosing = false
        }

        let state = Mutex(State())
        let asked: Wakeup
        let answered: @Sendable () -> Void

        init(answered: @escaping @Sendable () -> Void) throws(EventLoopError) {
            asked = try Wakeup()
            self.answered = answered
        }
    }

    private let desk: Desk

    /// Starts the thread. `answered` is called on it when a page is ready.
    init(
        _ configuration: MASDestination.Configuration, _ source: RecordSource, answered: @escaping @Sendable () -> Void
    ) throws(EventLoopError) {
        let desk = try Desk(answered: answered)
        self.desk = desk
        let identity = RecordIdentity(gateway: configuration.gatewayID, epoch: configuration.epoch)
        let rendering = MASEnvelope(gateway: configuration.gatewayID, epoch: configuration.epoch)
        try DedicatedThread.start(named: "read-\(configuration.name)") {
            Self.work(desk, source, identity, rendering)
        }
    }

    deinit {
        desk.state.withLock { $0.isClosing = true }
        desk.asked.wake()
    }

    /// Asks for the records after `after`; the answer waits for `take()`.
    func ask(after: SequenceNumber, limit: Int) {
        desk.state.withLock { $0.asked = (after, limit) }
        desk.asked.wake()
    }

    /// The answer to the last `ask`, once; nil while there is none.
    func take() -> Result<Page, any Error>? { desk.state.withLock { $0.answer.take() } }

    private static func work(
        _ desk: Desk, _ source: RecordSource, _ identity: RecordIdentity, _ rendering: MASEnvelope
    ) {
        var rendering = rendering
        while !desk.state.withLock({ $0.isClosing }) {
            guard let (after, limit) = desk.state.withLock({ $0.asked.take() }) else {
                _ = desk.asked.wait(timeout: nil)
                desk.asked.drain()
                continue
            }
            let answer = Result { try page(source, after, limit, identity, &rendering) }
            desk.state.withLock { $0.answer = answer }
            desk.answered()
        }
    }

    private static func page(
        _ source: RecordSource, _ after: SequenceNumber, _ limit: Int, _ identity: RecordIdentity,
        _ rendering: inout MASEnvelope
    ) throws -> Page {
        let page = try source.read(after, limit)
        var envelopes: [Envelope] = []
        envelopes.reserveCapacity(page.records.count)
        var last = after
        for record in page.records where record.seq > last {
            last = record.seq
            let messageID = identity.messageID(of: record)
            let body = rendering.body(record, messageID: messageID)
            envelopes.append(Envelope(record: record, messageID: messageID, body: body))
        }
        return Page(envelopes: envelopes, next: page.next, more: page.more)
    }
}
