public import Drivers
public import GatewayModel

/// What the routes know of the conditioning of readings.
public struct ConditioningSources: Sendable {
    /// Whether a device is silent for longer than its profile expects.
    public var isStale: @Sendable (DeviceID, ReceiveTime) -> Bool
    /// Whether the last value of a metric is older than its device said it is good for.
    public var hasExpired: @Sendable (DeviceID, MetricName, ReceiveTime) -> Bool = { _, _, _ in false }
    /// All calibrations.
    public var calibrations: @Sendable () throws -> [Calibration]
    /// Sets one, durably; an offset of 0 removes it.
    public var calibrate: @Sendable (Calibration) throws -> Void

    public init(
        isStale: @escaping @Sendable (DeviceID, ReceiveTime) -> Bool = { _, _ in false },
        calibrations: @escaping @Sendable () throws -> [Calibration] = { [] },
        calibrate: @escaping @Sendable (Calibration) throws -> Void = { _ in }
    ) {
        self.isStale = isStale
        self.calibrations = calibrations
        self.calibrate = calibrate
    }
}
