import GatewayModel
import Journal
import Synchronization

/// Lets requests wait until a stream has grown, without a thread for each.
final class AppendWatch: Sendable {
    private struct Waiter {
        var key: Int
        var stream: StreamName
        var after: SequenceNumber
        var continuation: CheckedContinuation<Void, Never>
    }

    private struct State: ~Copyable {
        var waiters: [Waiter] = []
        var nextKey = 0
    }

    private let state = Mutex(State())
    private let journal: Journal
    private let subscription = Mutex<Subscription?>(nil)

    init(_ journal: Journal) {
        self.journal = journal
        let made = journal.onAppend { [weak self] stream, last in self?.grown(stream, last) }
        subscription.withLock { $0 = made }
    }

    /// Returns when `stream` has a record after `after`, when `limit` has passed, or when the task is cancelled.
    func wait(for stream: StreamName, after: SequenceNumber, limit: Duration) async {
        let key = state.withLock { state in
            state.nextKey += 1
            return state.nextKey
        }
        let timer = Task {
            // Cancelled when there is no more reason to wait.
            _ = try? await Task.sleep(for: limit)
            wake { $0.key == key }
        }
        defer { timer.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock {
                    $0.waiters.append(Waiter(key: key, stream: stream, after: after, continuation: continuation))
                }
                // It may have grown, or the task may have been cancelled, before the entry.
                if Task.isCancelled || journal.status(of: stream).lastSeq > after { wake { $0.key == key } }
            }
        } onCancel: {
            wake { $0.key == key }
        }
    }

    private func grown(_ stream: StreamName, _ last: SequenceNumber) {
        wake { $0.stream == stream && $0.after < last }
    }

    private func wake(_ isDue: (Waiter) -> Bool) {
        let due = state.withLock { state in
            let due = state.waiters.filter(isDue)
            if !due.isEmpty { state.waiters.removeAll(where: isDue) }
            return due
        }
        for waiter in due { waiter.continuation.resume() }
    }
}
