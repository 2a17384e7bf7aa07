import EventLoop
import GatewayModel
import Synchronization

/// What other threads tell the serial thread; it is woken and takes all of it at once.
final class SerialInbox: Sendable {
    struct Contents {
        var opened: [PortErrand.Opened] = []
        /// Tickets of ports that are closed.
        var closed: [Int] = []
        /// Ports that run at another speed, or do not.
        var tuned: [PortErrand.Tuned] = []
        /// Ports to be lent, and ports that come back, by their path.
        var letGo: [String] = []
        var takenBack: [String] = []
        /// Devices with a command waiting.
        var commanded: Set<DeviceID> = []

        var isEmpty: Bool {
            opened.isEmpty && closed.isEmpty && tuned.isEmpty && letGo.isEmpty && takenBack.isEmpty
                && commanded.isEmpty
        }
    }

    let wakeup: Wakeup
    /// When the thread last came round (milliseconds of the monotonic clock); `.max` while it does not run, or waits for the
    /// journal.
    let turnedAt = Atomic<Int64>(.max)
    private let contents = Mutex(Contents())

    init() throws(EventLoopError) { wakeup = try Wakeup() }

    func put(_ change: (inout Contents) -> Void) {
        contents.withLock { change(&$0) }
        wakeup.wake()
    }

    /// Empties the inbox; nil if there was nothing.
    func take() -> Contents? {
        contents.withLock { contents in
            if contents.isEmpty { return nil }
            defer { contents = Contents() }
            return contents
        }
    }
}
