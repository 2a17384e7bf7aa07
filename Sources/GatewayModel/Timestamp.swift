/// A moment of wall-clock time and whether the clock that gave it could be believed.
public struct Timestamp: Hashable, Sendable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z; negative before.
    public var milliseconds: Int64
    /// False while the gateway's clock has not been set since boot, or a device reported a time nobody vouches for.
    public var trusted: Bool

    public init(milliseconds: Int64, trusted: Bool) {
        self.milliseconds = milliseconds
        self.trusted = trusted
    }

    /// When something was measured, as far as can be told: the device's own time if it can be believed, else that of its
    /// arrival.
    public static func best(device: Timestamp?, received: Timestamp) -> Timestamp {
        if let device, device.trusted { device } else { received }
    }

    public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.milliseconds < rhs.milliseconds }
}

/// The instant at which the gateway received something: wall clock for people, monotonic clock for arithmetic.
public struct ReceiveTime: Hashable, Sendable {
    public var wall: Timestamp
    /// Milliseconds of the monotonic clock since this box booted (CLOCK_BOOTTIME).
    public var monotonicMilliseconds: Int64

    public init(wall: Timestamp, monotonicMilliseconds: Int64) {
        self.wall = wall
        self.monotonicMilliseconds = monotonicMilliseconds
    }
}

/// Gives the time; injected everywhere so that tests and simulations own it.
public protocol Clock: Sendable {
    func now() -> ReceiveTime
}
