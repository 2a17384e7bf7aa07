internal import EventLoop
internal import Synchronization

/// What other threads tell a destination's thread; many tellings before it looks count as one.
final class PushSignals: Sendable {
    let wakeup: Wakeup
    private let grown = Atomic<UInt32>(0)
    private let wantsFlush = Atomic<Bool>(false)
    private let wantsAnnouncement = Atomic<Bool>(false)

    init(wakeup: Wakeup) { self.wakeup = wakeup }

    /// A stream has grown, by its number. Called on the journal's writer thread after each commit: one system call at most.
    func appended(stream: Int) {
        let bit = UInt32(1) << UInt32(stream)
        if grown.bitwiseOr(bit, ordering: .acquiringAndReleasing).oldValue & bit == 0 { wakeup.wake() }
    }

    func requestFlush() {
        wantsFlush.store(true, ordering: .releasing)
        wakeup.wake()
    }

    func requestAnnouncement() {
        wantsAnnouncement.store(true, ordering: .releasing)
        requestFlush()
    }

    /// The streams that have grown, one bit each.
    func takeGrown() -> UInt32 { grown.exchange(0, ordering: .acquiringAndReleasing) }
    func takeFlush() -> Bool { wantsFlush.exchange(false, ordering: .acquiringAndReleasing) }
    func takeAnnouncement() -> Bool { wantsAnnouncement.exchange(false, ordering: .acquiringAndReleasing) }
}
