internal import CLinux
internal import Glibc

/// A thread of its own for a blocking C library, seen from structured concurrency as one asynchronous call.
public enum DedicatedThread {
    /// Runs `body` on a new thread and returns what it returns or throws what it throws.
    ///
    /// The thread bears `name` (its first 15 bytes) and takes no asynchronous signals. Cancelling the task sets the
    /// `StopFlag` and wakes it; this call still returns only when `body` has returned.
    public static func run<Result: Sendable>(
        named name: String, wakeup: Wakeup? = nil, _ body: @escaping @Sendable (StopFlag) throws -> Result
    ) async throws -> Result {
        let stop = if let wakeup { StopFlag(wakeup: wakeup) } else { try StopFlag() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let start = Start(name: name) {
                    continuation.resume(with: Swift.Result { try body(stop) })
                }
                if let error = start.launch() { continuation.resume(throwing: error) }
            }
        } onCancel: {
            stop.set()
        }
    }

    /// Runs `body` on a new thread and does not wait for it: for a call that may hang, such as opening a broken device.
    ///
    /// The thread bears `name` (its first 15 bytes) and takes no asynchronous signals.
    public static func start(named name: String, _ body: @escaping @Sendable () -> Void) throws(EventLoopError) {
        if let error = Start(name: name, body: body).launch() { throw error }
    }

    /// Carries the body over `pthread_create`'s untyped pointer.
    private final class Start {
        let name: String
        let body: () -> Void

        init(name: String, body: @escaping () -> Void) {
            self.name = name
            self.body = body
        }

        /// Starts the thread, detached; nil if it runs.
        func launch() -> EventLoopError? {
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            var thread = pthread_t()
            let context = Unmanaged.passRetained(self)
            let result = pthread_create(&thread, &attributes, Self.enter, context.toOpaque())
            guard result != 0 else { return nil }
            context.release()
            return .system(call: "pthread_create", number: result)
        }

        private static let enter: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { context in
            guard let context else { return nil }
            let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
            blockAsynchronousSignals()
            clinux_set_thread_name(String(decoding: start.name.utf8.prefix(15), as: UTF8.self))
            start.body()
            return nil
        }

        /// Signals belong to the thread that reads `SignalSource`; only a fault of this thread itself reaches it.
        private static func blockAsynchronousSignals() {
            var signals = sigset_t()
            sigfillset(&signals)
            for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT] { sigdelset(&signals, fault) }
            pthread_sigmask(SIG_BLOCK, &signals, nil)
        }
    }
}
