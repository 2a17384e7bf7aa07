internal import EventLoop
internal import FieldProtocols
internal import GatewayModel
internal import Synchronization

/// Reads pages of the stream and renders their envelopes on a thread of its own, so that the destination's thread has
/// nothing to do but send. One page at a time; ends when it is released.
final class EnvelopeReader: Sendable {
    /// What a page came to: all its envelopes in one buffer.
    struct Page: Sendable {
        var bytes: [UInt8] = []
        var envelopes: [Envelope] = []
        var next: SequenceNumber
        var more: Bool
    }

    /// A record with what is sent for it, the same bytes at every attempt.
    struct Envelope: Sendable {
        var record: PushMachine.Record
        /// In the bytes of its page; nil for a record that has no device and so no envelope.
        var place: MASEnvelope.Place?
        /// The device's own message id.
        var ownID: String?
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
    /// Of an envelope with a few readings.
    private static let byteCountUsual = 768

    /// Starts the thread. `answered` is called on it when a page is ready.
    init(
        _ configuration: MASDestination.Configuration, _ source: RecordSource, answered: @escaping @Sendable () -> Void
    ) throws(EventLoopError) {
        let desk = try Desk(answered: answered)
        self.desk = desk
        let rendering = MASEnvelope(gateway: configuration.gatewayID, epoch: configuration.epoch)
        try DedicatedThread.start(named: "read-\(configuration.name)") {
            Self.work(desk, source, rendering)
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

    private static func work(_ desk: Desk, _ source: RecordSource, _ rendering: MASEnvelope) {
        var rendering = rendering
        while !desk.state.withLock({ $0.isClosing }) {
            guard let (after, limit) = desk.state.withLock({ $0.asked.take() }) else {
                _ = desk.asked.wait(timeout: nil)
                desk.asked.drain()
                continue
            }
            let answer = Result { try page(source, after, limit, &rendering) }
            desk.state.withLock { $0.answer = answer }
            desk.answered()
        }
    }

    private static func page(
        _ source: RecordSource, _ after: SequenceNumber, _ limit: Int, _ rendering: inout MASEnvelope
    ) throws -> Page {
        var page = Page(next: after, more: false)
        page.envelopes.reserveCapacity(limit)
        page.bytes.reserveCapacity(limit * byteCountUsual)
        var last = after
        (page.next, page.more) = try source.visit(after, limit) { record in
            guard record.seq > last else { return }
            last = record.seq
            let place = rendering.append(record, to: &page.bytes)
            page.envelopes.append(
                Envelope(
                    record: PushMachine.Record(seq: record.seq, device: record.device), place: place,
                    ownID: record.messageID))
        }
        return page
    }
}
