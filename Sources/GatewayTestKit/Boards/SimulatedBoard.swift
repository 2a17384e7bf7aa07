import Glibc
import Synchronization

/// A board on a pseudo terminal: plays a firmware, answers the host, and keeps a ledger of what it sent.
///
/// Like a board on USB it loses what it says while nobody has the port open.
public final class SimulatedBoard: Sendable {
    /// The cable; the gateway opens `cable.path`.
    public let cable: PtyPair
    private let loop: BoardLoop
    private let thread: Mutex<pthread_t?>

    /// Whether a board measures at its interval, or only when told to.
    public enum Measuring: Sendable {
        case byItself, onDemand
    }

    /// Plugs in a board and starts it.
    public init(_ firmware: any BoardFirmware, measuring: Measuring = .byItself) throws {
        cable = try PtyPair(gatewayEnd: .free)
        loop = try BoardLoop(firmware, cable: cable)
        loop.restart()
        loop.setMeasuring(measuring == .byItself)
        thread = Mutex(try loop.launch())
    }

    deinit { stop() }

    /// What it sent so far and what became of it.
    public var ledger: BoardLedger { loop.ledger }

    /// The firmware as it is now, for looking at.
    public var firmware: any BoardFirmware { loop.firmware }

    /// Whether somebody has the port open.
    public var isListened: Bool { cable.isListened }

    /// Power on again: boot text, counters from the start.
    public func restart() { loop.restart() }

    /// Takes one measurement now, whether or not somebody listens.
    public func measure() { loop.measure() }

    /// Begins to measure by itself, or stops.
    public func setMeasuring(_ measures: Bool) { loop.setMeasuring(measures) }

    /// Ends the board; the cable stays.
    public func stop() {
        loop.stop()
        if let thread = thread.withLock({ $0.take() }) { pthread_join(thread, nil) }
    }
}
