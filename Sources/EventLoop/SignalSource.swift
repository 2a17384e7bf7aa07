internal import CLinux
internal import Glibc

/// Receives signals as readable events: a face of `signalfd`.
///
/// Make it before any thread is started: it blocks the signals in the calling thread, and threads inherit that.
public final class SignalSource: Sendable {
    /// Readable while a signal waits. Belongs to this object.
    public let fileDescriptor: Int32

    /// Blocks the signals in this thread and reads them from now on. Throws what the kernel refuses.
    public init(_ signals: [Int32]) throws(EventLoopError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        let blocked = pthread_sigmask(SIG_BLOCK, &set, nil)
        guard blocked == 0 else { throw .system(call: "pthread_sigmask", number: blocked) }
        fileDescriptor = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        guard fileDescriptor >= 0 else { throw .last("signalfd") }
    }

    deinit { close(fileDescriptor) }

    /// The number of the next signal, or nil if none waits.
    public func next() -> Int32? {
        var info = signalfd_siginfo()
        let count = read(fileDescriptor, &info, MemoryLayout<signalfd_siginfo>.size)
        return count == MemoryLayout<signalfd_siginfo>.size ? Int32(bitPattern: info.ssi_signo) : nil
    }

    /// Blocks until a signal of the set arrives or `timeout` has passed (nil: for ever).
    public func wait(timeout: Duration?) -> Int32? {
        var entry = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Poller.milliseconds(timeout)) > 0 else { return nil }
        return next()
    }
}
