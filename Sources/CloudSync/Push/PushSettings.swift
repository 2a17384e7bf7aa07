/// The bounds of one destination's delivery.
public struct PushSettings: Sendable, Equatable {
    /// Requests under way at once, each for another device.
    public var parallelism = 8
    /// Records read ahead of what is delivered: the bound on memory.
    public var windowRecordsMax = 512
    /// How far delivery may run ahead of a record that does not get through.
    public var windowSpanMax = 32_768
    /// Records asked from the journal at once.
    public var pageRecords = 48
    /// The cursor is stored at most this often (milliseconds).
    public var saveInterval: Int64 = 20
    /// Attempts that fail one after another, without a success between, before the whole destination is taken as failing.
    public var troublesInRowMax = 4
    /// Back-off of a failing record or destination: first and longest ceiling.
    public var retryDelayInitial: Duration = .milliseconds(500)
    public var retryDelayMax: Duration = .seconds(60)
    /// Back-off while the address or key is wrong.
    public var holdDelayInitial: Duration = .seconds(10)
    public var holdDelayMax: Duration = .seconds(300)
    /// A destination that has worked for this long is forgiven its failures.
    public var stableAfter: Duration = .seconds(30)
    /// A longer `Retry-After` is taken as this one (milliseconds): a mistake of the server must not end delivery.
    public var retryAfterMax: Int64 = 3_600_000
    /// How long a stop waits for requests under way (milliseconds).
    public var stopLimit: Int64 = 2_000

    public init() {}
}
