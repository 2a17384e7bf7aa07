internal import Synchronization

/// Asks a dedicated thread to end, and wakes it so that it notices.
public final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    /// Woken by `set()`. The thread may use it for its own wakes too.
    public let wakeup: Wakeup

    /// Give the wake-up that the thread waits on anyway, if it has one.
    public init(wakeup: Wakeup) { self.wakeup = wakeup }

    /// With a wake-up of its own.
    public convenience init() throws(EventLoopError) { self.init(wakeup: try Wakeup()) }

    /// Whether the thread shall end.
    public var isSet: Bool { flag.load(ordering: .acquiring) }

    /// Stays set. May be called from any thread, any number of times.
    public func set() {
        flag.store(true, ordering: .releasing)
        wakeup.wake()
    }

    /// Sleeps for `duration` unless asked to stop, before or meanwhile. True if the thread shall go on.
    ///
    /// Returns early, with true, if the wake-up is woken for another reason.
    public func sleep(for duration: Duration) -> Bool {
        guard !isSet else { return false }
        wakeup.wait(timeout: duration)
        return !isSet
    }
}
