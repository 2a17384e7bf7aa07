internal import CLinux
internal import Glibc

/// The threads on which handlers run. They may block for a moment in a database or a disk; on Swift's own pool, which has
/// one thread a core, two such handlers would hold up everything else in the process.
///
/// One pool serves the process; threads are made when all others are busy, and stay.
// Everything mutable is touched only while `mutex` is held.
final class RequestThreads: TaskExecutor, @unchecked Sendable {
    static let shared = RequestThreads(countMax: 8)

    private let countMax: Int
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let filled = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Jobs before `next` are done.
    private var jobs: [UnownedJob] = []
    private var next = 0
    private var count = 0
    private var idleCount = 0

    private init(countMax: Int) {
        self.countMax = countMax
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(filled, nil)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        let needsThread = idleCount < jobs.count - next && count < countMax
        if needsThread { count += 1 } else { pthread_cond_signal(filled) }
        pthread_mutex_unlock(mutex)
        if needsThread { startThread() }
    }

    private func startThread() {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { _ in
                clinux_set_thread_name("http-request")
                RequestThreads.shared.work()
            }, nil)
        if status == 0 {
            pthread_detach(thread)
        } else {
            // The other threads will come to the job; with none at all there is no server.
            pthread_mutex_lock(mutex)
            count -= 1
            precondition(count > 0, "the system gives no thread for requests")
            pthread_mutex_unlock(mutex)
        }
    }

    private func work() -> Never {
        while true {
            take().runSynchronously(on: asUnownedTaskExecutor())
        }
    }

    private func take() -> UnownedJob {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while next == jobs.count {
            idleCount += 1
            pthread_cond_wait(filled, mutex)
            idleCount -= 1
        }
        let job = jobs[next]
        next += 1
        if next == jobs.count {
            jobs.removeAll(keepingCapacity: true)
            next = 0
        } else if next >= 1024 {
            jobs.removeSubrange(..<next)
            next = 0
        }
        return job
    }
}
