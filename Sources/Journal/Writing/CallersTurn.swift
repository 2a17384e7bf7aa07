internal import Synchronization

/// The writer's work done by whoever appends, in place of a thread: for simulations, where everything happens in one order.
final class CallersTurn: Sendable {
    private let committer: Mutex<Committer>

    init(_ committer: sending Committer) { self.committer = Mutex(committer) }

    func commit(_ request: AppendRequest) {
        committer.withLock {
            $0.commit([request])
            $0.rest()
        }
    }

    func rest() { committer.withLock { $0.rest() } }
    func close() { committer.withLock { $0.close() } }
}
