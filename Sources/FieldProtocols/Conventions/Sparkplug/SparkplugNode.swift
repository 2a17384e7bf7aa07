internal import GatewayModel

/// What is known of one edge node: whether it lives, how far it has counted, what its aliases stand for.
struct SparkplugNode {
    /// How a message stands to the one before.
    enum Arrival {
        case next
        /// It came before: a broker sends again what was not acknowledged.
        case repeated
        /// Messages are missing between.
        case gap
    }

    /// A metric as its birth described it.
    struct Known {
        /// Nil: a command or a session number, which is no reading.
        var metric: MetricName?
        var unit: Unit
        var typeCode: UInt8
    }

    /// Metrics of one node that are remembered, and devices behind it.
    static let metricCountMax = 5_000
    static let deviceCountMax = 1_000
    /// A node is asked for its birth once in this time, in milliseconds.
    static let rebirthInterval: Int64 = 60_000

    let group: String
    let name: String
    let device: DeviceName
    private(set) var isAlive = false
    private(set) var lastSeq: UInt8?
    private(set) var devices: Set<DeviceName> = []
    private var sessionNumber: UInt64?
    private var lastTime: UInt64 = 0
    private var known: [Key: Known] = [:]
    private var askedAt: Int64?
    /// Payloads that were kept undecoded since the last birth.
    var keptCount = 0

    init(group: String, name: String, device: DeviceName) {
        self.group = group
        self.name = name
        self.device = device
    }

    var metricCount: Int { known.count }

    /// A birth: a new session, in which the aliases of the last mean nothing.
    mutating func begin(sessionNumber: UInt64?, seq: UInt8, time: UInt64) {
        self.sessionNumber = sessionNumber
        isAlive = true
        lastSeq = seq
        lastTime = time
        known.removeAll(keepingCapacity: true)
        askedAt = nil
        keptCount = 0
    }

    /// Whether the death is that of this session, and not the will of an earlier one; its aliases are dropped then.
    mutating func end(sessionNumber: UInt64?) -> Bool {
        if let ours = self.sessionNumber, let sessionNumber, ours != sessionNumber { return false }
        forget()
        return true
    }

    /// Aliases may have changed while nobody listened.
    mutating func forget() {
        isAlive = false
        sessionNumber = nil
        known.removeAll()
    }

    /// Counts a message of the session.
    mutating func arrive(seq: UInt8, time: UInt64) -> Arrival {
        defer { lastTime = max(lastTime, time) }
        guard let lastSeq else {
            self.lastSeq = seq
            return isAlive ? .next : .gap
        }
        let step = seq &- lastSeq
        if step == 1 {
            self.lastSeq = seq
            return .next
        }
        if isAlive, step == 0 || step >= 128, time <= lastTime { return .repeated }
        self.lastSeq = seq
        return .gap
    }

    /// Whether the node is to be asked for its birth now; it is not asked again for a while.
    mutating func mayAsk(now: Int64) -> Bool {
        if let askedAt, now - askedAt < Self.rebirthInterval { return false }
        askedAt = now
        return true
    }

    /// Remembers a metric of a birth; false if there is no room.
    mutating func remember(_ metric: Known, _ key: Key) -> Bool {
        guard known[key] != nil || known.count < Self.metricCountMax else { return false }
        known[key] = metric
        return true
    }

    mutating func remember(_ device: DeviceName) {
        if devices.count < Self.deviceCountMax { devices.insert(device) }
    }

    func metric(_ key: Key) -> Known? { known[key] }

    /// What a metric is called by. An alias should be its node's alone, but some nodes count anew for each device; a
    /// message is of one device, so that nothing is lost by asking for both.
    enum Key: Hashable {
        case alias(UInt64, DeviceName)
        case name(MetricName, DeviceName)
    }
}
