import Glibc

/// Work on a thread of its own, beside what its maker does.
final class Companion: Sendable {
    private let body: @Sendable () -> Void
    // Set once before it is handed out.
    private nonisolated(unsafe) var thread = pthread_t()

    init(_ body: @escaping @Sendable () -> Void) throws(FileError) {
        self.body = body
        let context = Unmanaged.passRetained(self)
        let code = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Companion>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw FileError(operation: "start a thread", path: "", code: code)
        }
    }

    /// Waits until the work is done. To be called once.
    func join() { pthread_join(thread, nil) }
}
