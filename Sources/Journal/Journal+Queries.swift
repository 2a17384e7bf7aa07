public import GatewayModel

extension Journal {
    /// Calls `body` for each reading of a device in the order of storing, until it returns false.
    ///
    /// - Parameters:
    ///   - metric: nil for all.
    ///   - from: milliseconds since 1970, inclusive; `to` exclusive. They bound `ReadingRow.time`.
    public func readings(
        device: DeviceID, metric: MetricName? = nil, from: Int64 = .min, to: Int64 = .max,
        _ body: (ReadingRow) -> Bool
    ) throws(JournalError) {}

    /// The newest value of each metric of a device, or of all devices.
    public func latest(device: DeviceID? = nil) throws(JournalError) -> [ReadingRow] { [] }
}
