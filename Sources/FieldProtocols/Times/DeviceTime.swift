public import GatewayModel

/// Whether a time that a device sent can be believed: boards have no clock, and say 1970 or their build date.
public enum DeviceTime {
    /// 2020-01-01T00:00:00Z: no device is older, so an earlier time is a clock that was never set.
    public static let earliest: Int64 = 1_577_836_800_000
    /// How far a device's clock may run ahead of ours.
    public static let leadMax: Int64 = 300_000

    /// The time with its trust. The future is told only by a gateway clock that is trusted itself.
    public static func judged(_ milliseconds: Int64, received: ReceiveTime) -> Timestamp? {
        guard RFC3339.milliseconds.contains(milliseconds) else { return nil }
        let isFuture = received.wall.trusted && milliseconds > received.wall.milliseconds + leadMax
        return Timestamp(milliseconds: milliseconds, trusted: milliseconds >= earliest && !isFuture)
    }
}
