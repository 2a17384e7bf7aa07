/// The bounds of one destination's delivery.
public struct PushSettings: Sendable, Equatable {
    /// How records are put together to requests.
    public struct Batching: Sendable, Equatable {
        /// Records of one request.
        public var recordsMax = 1
        /// Rendered bytes of one request, before compression. A single larger record is sent by itself.
        public var byteCountMax = 1 << 20
        /// A batch that is not full is sent when its first record has waited this long (milliseconds).
        public var interval: Int64 = 0
        /// Whether the ends of a batch are stored before it is sent, so that it is repeated the same after a restart.
        public var isSealed = false

        public init() {}
    }

    /// Requests under way at once, each for another device.
    public var parallelism = 8
    /// Of bulk streams; urgent ones take what is there and wait for nothing.
    public var batching = Batching()
    /// Bytes a second on average, as they are sent; nil: as fast as it goes.
    public var bandwidth: Int64?
    /// Records read ahead of what is delivered: the bound on memory.
    public var windowRecordsMax = 512
    /// Rendered bytes read ahead of what is delivered: the other bound on memory.
    public var windowBytesMax = 4 << 20
    /// How far delivery may run ahead of a record that does not get through.
    public var windowSpanMax = 32_768
    /// Records asked from the journal at once: few, so that reading never holds up for long what is being sent beside it.
    public var pageRecords = 24
    /// The cursor is stored at most this often (milliseconds).
    public var saveInterval: Int64 = 20
    /// Attempts that fail one after another, without a success between, before the whole destination is taken as failing.
    public var troublesInRowMax = 4
    /// Back-off of a failing record or destination: first and longest ceiling.
    public var retryDelayInitial: Duration = .milliseconds(500)
    public var retryDelayMax: Duration = .seconds(8)
    /// Longest ceiling while no connection comes about: trying costs a peer that is not there nothing.
    public var reachDelayMax: Duration = .seconds(2)
    /// Back-off while the address or key is wrong.
    public var holdDelayInitial: Duration = .seconds(10)
    public var holdDelayMax: Duration = .seconds(300)
    /// A destination that has worked for this long is forgiven its failures.
    public var stableAfter: Duration = .seconds(30)
    /// A longer `Retry-After` is taken as this one (milliseconds): a mistake of the server must not end delivery.
    public var retryAfterMax: Int64 = 3_600_000
    /// How long a stop waits for requests under way (milliseconds).
    public var stopLimit: Int64 = 2_000

    /// One record a request, one request at a time for each device.
    public init() {}

    /// Several records a request. Devices share `parallelism` lanes; the window holds two batches for each.
    public init(batching: Batching, parallelism: Int) {
        self.batching = batching
        self.parallelism = parallelism
        windowRecordsMax = max(512, min(8_192, 2 * parallelism * batching.recordsMax))
        windowBytesMax = max(1 << 20, min(2 << 20, 2 * parallelism * batching.byteCountMax))
        pageRecords = min(512, max(48, batching.recordsMax))
    }
}
