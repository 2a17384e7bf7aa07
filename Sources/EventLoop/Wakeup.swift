internal import CLinux
internal import Glibc

/// Wakes a thread that waits in `Poller` or `poll(2)`, from any thread: a face of `eventfd`.
public final class Wakeup: Sendable {
    /// Readable while somebody has called `wake()` since the last `drain()`. Belongs to this object.
    public let fileDescriptor: Int32

    /// Throws if the process has no descriptor left.
    public init() throws(EventLoopError) {
        fileDescriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard fileDescriptor >= 0 else { throw .last("eventfd") }
    }

    deinit { close(fileDescriptor) }

    /// Any number of wakes before the waiting thread runs count as one. Never blocks; may be called in any thread.
    public func wake() { eventfd_write(fileDescriptor, 1) }

    /// Takes the wakes so far. The waiting thread drains first and looks at its queues afterwards, never the other way.
    public func drain() {
        var count: eventfd_t = 0
        eventfd_read(fileDescriptor, &count)
    }

    /// Blocks until woken or until `timeout` has passed (nil: for ever), and drains. True if woken.
    @discardableResult
    public func wait(timeout: Duration?) -> Bool {
        var entry = pollfd(fd: fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, Poller.milliseconds(timeout)) > 0 else { return false }
        drain()
        return true
    }
}
