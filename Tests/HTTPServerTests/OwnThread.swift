import Glibc

/// Runs `body` on threads outside Swift's pool: a blocking client would otherwise hold the threads that the server's
/// handlers need.
func onOwnThread<R: Sendable>(_ body: @escaping @Sendable () async throws -> R) async throws -> R {
    try await Task(executorPreference: ThreadExecutor.shared) { try await body() }.value
}

/// Gives every job a thread of its own.
private final class ThreadExecutor: TaskExecutor {
    static let shared = ThreadExecutor()

    private final class Start {
        let job: UnownedJob

        init(_ job: UnownedJob) { self.job = job }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let start = Unmanaged.passRetained(Start(UnownedJob(job)))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
                start.job.runSynchronously(on: ThreadExecutor.shared.asUnownedTaskExecutor())
                return nil
            }, start.toOpaque())
        precondition(status == 0, "a test can have a thread")
        pthread_detach(thread)
    }
}
