internal import CLinux
internal import Glibc

/// Waits for file descriptors: a face of `epoll`, level-triggered. Owned and used by one thread.
public final class Poller {
    /// What to be told about a descriptor. Errors and hang-ups are always told.
    public struct Interest: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }

        /// Bytes, connections or the end of the stream wait to be read; bytes can be written.
        public static let readable = Interest(rawValue: EPOLLIN.rawValue | EPOLLRDHUP.rawValue)
        public static let writable = Interest(rawValue: EPOLLOUT.rawValue)
        /// Nothing but errors: the descriptor stays registered.
        public static let none: Interest = []
    }

    /// One descriptor that is ready.
    public struct Event: Sendable {
        /// As given at `add`.
        public let token: Int
        public let isReadable: Bool
        public let isWritable: Bool
        /// The peer is gone or the descriptor is in error: reading tells what happened.
        public let isHangup: Bool
    }

    private let descriptor: Int32
    private var ready: [epoll_event]

    /// `capacity`: the most descriptors reported by one `wait`; the others come with the next.
    public init(capacity: Int = 64) throws(EventLoopError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .last("epoll_create1") }
        ready = Array(repeating: epoll_event(), count: max(1, capacity))
    }

    deinit { close(descriptor) }

    /// Starts watching `fileDescriptor`; `token` comes back with its events.
    public func add(_ fileDescriptor: Int32, _ interest: Interest, token: Int) throws(EventLoopError) {
        try control(EPOLL_CTL_ADD, fileDescriptor, interest, token)
    }

    /// Replaces interest and token of a descriptor that is being watched.
    public func change(_ fileDescriptor: Int32, _ interest: Interest, token: Int) throws(EventLoopError) {
        try control(EPOLL_CTL_MOD, fileDescriptor, interest, token)
    }

    /// Stops watching. A descriptor that was closed meanwhile is not watched any more and is no error.
    public func remove(_ fileDescriptor: Int32) {
        var event = epoll_event()
        _ = epoll_ctl(descriptor, EPOLL_CTL_DEL, fileDescriptor, &event)
    }

    /// Waits until something is ready or `timeout` has passed (nil: for ever) and hands each event to `body`.
    ///
    /// Returns the number of events: 0 after a time-out or an interrupting signal.
    @discardableResult
    public func wait(timeout: Duration?, _ body: (Event) throws -> Void) throws -> Int {
        let count = ready.withUnsafeMutableBufferPointer {
            epoll_wait(descriptor, $0.baseAddress, Int32($0.count), Self.milliseconds(timeout))
        }
        if count < 0 {
            if errno == EINTR { return 0 }
            throw EventLoopError.last("epoll_wait")
        }
        for index in 0..<Int(count) {
            let flags = ready[index].events
            let token = Int(truncatingIfNeeded: ready[index].data.u64)
            let hangup = flags & (EPOLLHUP.rawValue | EPOLLERR.rawValue | EPOLLRDHUP.rawValue) != 0
            try body(
                Event(
                    token: token, isReadable: flags & EPOLLIN.rawValue != 0,
                    isWritable: flags & EPOLLOUT.rawValue != 0, isHangup: hangup))
        }
        return Int(count)
    }

    private func control(_ operation: Int32, _ fd: Int32, _ interest: Interest, _ token: Int) throws(EventLoopError) {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = UInt64(truncatingIfNeeded: token)
        guard epoll_ctl(descriptor, operation, fd, &event) == 0 else { throw .last("epoll_ctl") }
    }

    /// Rounded up, so that a wait never ends before its time and then spins.
    static func milliseconds(_ timeout: Duration?) -> Int32 {
        guard let timeout else { return -1 }
        guard timeout > .zero else { return 0 }
        let (seconds, attoseconds) = timeout.components
        guard seconds < 2_000_000 else { return Int32.max }
        return Int32(seconds) * 1_000 + Int32((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
