internal import EventLoop
internal import GatewayModel
internal import Synchronization

/// Reads pages of a destination's streams and renders their records on a thread of its own, so that the destination's
/// thread has nothing to do but send. Ends when it is released.
final class DeliveryReader: Sendable {
    /// What a page came to.
    struct Page: Sendable {
        var stream: Int
        var records: [PushMachine.Record] = []
        /// One for each of `records`.
        var items: [DeliveryItem] = []
        var next: SequenceNumber
        var more = false
    }

    private struct Question {
        var stream: Int
        var after: SequenceNumber
        var limit: Int
    }

    /// What the two threads share. At most one question and one answer a stream.
    private final class Desk: Sendable {
        struct State {
            var asked: [Question] = []
            var answers: [(stream: Int, page: Result<Page, any Error>)] = []
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
    init<Format: RecordRendering>(
        _ name: String, gateway: String, _ sources: [DeliverySource], _ format: Format,
        answered: @escaping @Sendable () -> Void
    ) throws(EventLoopError) {
        let desk = try Desk(answered: answered)
        self.desk = desk
        try DedicatedThread.start(named: "read-\(name)") { Self.work(desk, gateway, sources, format) }
    }

    deinit {
        desk.state.withLock { $0.isClosing = true }
        desk.asked.wake()
    }

    /// Asks for the records after `after`; the answer waits for `take()`.
    func ask(_ stream: Int, after: SequenceNumber, limit: Int) {
        desk.state.withLock { $0.asked.append(Question(stream: stream, after: after, limit: limit)) }
        desk.asked.wake()
    }

    /// The next answer; nil while there is none.
    func take() -> (stream: Int, page: Result<Page, any Error>)? {
        desk.state.withLock { $0.answers.isEmpty ? nil : $0.answers.removeFirst() }
    }

    private static func work<Format: RecordRendering>(
        _ desk: Desk, _ gateway: String, _ sources: [DeliverySource], _ format: Format
    ) {
        let drawings = sources.enumerated().map { PageDrawing($0.offset, $0.element, gateway: gateway, format) }
        while !desk.state.withLock({ $0.isClosing }) {
            // The streams are numbered by their urgency.
            let question = desk.state.withLock { state -> Question? in
                guard let index = state.asked.indices.min(by: { state.asked[$0].stream < state.asked[$1].stream })
                else { return nil }
                return state.asked.remove(at: index)
            }
            guard let question else {
                _ = desk.asked.wait(timeout: nil)
                desk.asked.drain()
                continue
            }
            let page = Result { try drawings[question.stream].draw(after: question.after, limit: question.limit) }
            desk.state.withLock { $0.answers.append((question.stream, page)) }
            desk.answered()
        }
    }
}
