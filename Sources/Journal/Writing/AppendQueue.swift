internal import CLinux
internal import Glibc
internal import GatewayModel

/// One thread's batch on its way to the disk.
// Written by the writer before it is finished under the queue's lock, read by its owner after.
final class AppendRequest: @unchecked Sendable {
    let batch: ObservationBatch
    let sessionStart: SessionStart?
    /// What is durable of it from before.
    var part = StoredPart()
    /// Those of the observations that are not in `part`.
    var outcomes: [AppendReceipt.Outcome] = []
    var failure: JournalError?
    fileprivate var isFinished = false

    init(_ batch: ObservationBatch, sessionStart: SessionStart?) {
        self.batch = batch
        self.sessionStart = sessionStart
    }

    /// What is to be stored of the observations.
    var observations: ArraySlice<Observation> { batch.observations.dropFirst(part.outcomes.count) }

    /// What is to be stored in a stream of notes.
    func notes(of stream: StreamName) -> ArraySlice<Note> {
        guard !batch.notes.isEmpty else { return [] }
        return batch.notes.filter { $0.home == stream }.dropFirst(part.noteCounts[stream] ?? 0)
    }

    func receipt() throws(JournalError) -> AppendReceipt {
        if let failure { throw failure }
        let outcomes = part.outcomes.isEmpty ? outcomes : part.outcomes + outcomes
        let duplicates = outcomes.reduce(0) { $0 + ($1.isDuplicate ? 1 : 0) }
        return AppendReceipt(outcomes: outcomes, stored: outcomes.count - duplicates, duplicates: duplicates)
    }
}

/// Where transport threads leave their batches and wait, and the writer finds them.
///
/// Bounded by the number of threads, since each waits for its own batch.
// All stored properties are touched only while `lock` is held.
final class AppendQueue: @unchecked Sendable {
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let arrived = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let finished = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var waiting: [AppendRequest] = []
    private var isStopping = false
    /// Batches in the last group: more than one means that several threads are appending at once.
    private var lastGroupCount = 1
    private let linger: Duration

    init(linger: Duration) {
        self.linger = linger
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(arrived, &attributes)
        pthread_cond_init(finished, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(arrived)
        pthread_cond_destroy(finished)
        pthread_mutex_destroy(lock)
        arrived.deallocate()
        finished.deallocate()
        lock.deallocate()
    }

    /// Leaves a batch and waits until the writer has finished it.
    func submit(_ request: AppendRequest) throws(JournalError) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard !isStopping else { throw .closed }
        waiting.append(request)
        pthread_cond_signal(arrived)
        while !request.isFinished { pthread_cond_wait(finished, lock) }
    }

    /// Waits for batches, at most `patience`. Lingers for more only when the last group had several.
    ///
    /// - Returns: what has arrived, nothing after `patience`; nil when the queue is stopped and empty.
    func take(patience: Duration) -> [AppendRequest]? {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        if waiting.isEmpty, !isStopping { wait(patience) { waiting.isEmpty && !isStopping } }
        if waiting.isEmpty { return isStopping ? nil : [] }
        if waiting.count < lastGroupCount, !isStopping {
            wait(linger) { waiting.count < lastGroupCount && !isStopping }
        }
        lastGroupCount = waiting.count
        defer { waiting.removeAll(keepingCapacity: true) }
        return waiting
    }

    func finish(_ requests: [AppendRequest]) {
        pthread_mutex_lock(lock)
        for request in requests { request.isFinished = true }
        pthread_mutex_unlock(lock)
        pthread_cond_broadcast(finished)
    }

    /// Lets the writer finish what has arrived; refuses what comes later.
    func stop() {
        pthread_mutex_lock(lock)
        isStopping = true
        pthread_mutex_unlock(lock)
        pthread_cond_broadcast(arrived)
    }

    private func wait(_ limit: Duration, while condition: () -> Bool) {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let parts = limit.components
        let nanoseconds = deadline.tv_nsec + Int(parts.attoseconds / 1_000_000_000)
        deadline.tv_sec += Int(parts.seconds) + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        while condition() {
            if pthread_cond_timedwait(arrived, lock, &deadline) == ETIMEDOUT { return }
        }
    }
}
