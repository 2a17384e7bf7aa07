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

    /// Names and aliases of metrics of one node that are remembered, and devices behind it.
    static let metricCountMax = 10_000
    static let deviceCountMax = 1_000
    /// A node is asked for its birth once in this time, in milliseconds; and in the other if it has answered, so that one
    /// whose birth leaves the question open is not asked with each message.
    static let rebirthInterval: Int64 = 60_000
    static let rebirthPause: Int64 = 10_000

    let group: String
    let name: String
    let device: DeviceName
    private(set) var isAlive = false
    private(set) var lastSeq: UInt8?
    private(set) var metricCount = 0
    /// Devices heard of since the node was last known to be dead, born or not, and whether one was told to be there.
    private var devices: [DeviceName: Bool] = [:]
    /// Devices that an earlier run of the gateway heard of may be behind it, until it is known to have died once.
    private(set) var mayHaveUnheard = true
    private var sessionNumber: UInt64?
    private var lastTime: UInt64 = 0
    /// What births have said, of the node itself and of each device.
    private var known: [DeviceName: [Key: Known]] = [:]
    private var askedAt: Int64?
    private var hasAnswered = false
    /// Payloads that were kept undecoded since the last birth.
    var keptCount = 0

    init(group: String, name: String, device: DeviceName) {
        self.group = group
        self.name = name
        self.device = device
    }

    /// A birth: if of a new session, nothing that the last has said means anything. In the same one it answers a rebirth,
    /// and what devices have said is true until their own births follow.
    mutating func begin(sessionNumber: UInt64?, seq: UInt8, time: UInt64) {
        if isAlive, sessionNumber != nil, sessionNumber == self.sessionNumber {
            forget(device)
        } else {
            forget()
        }
        self.sessionNumber = sessionNumber
        isAlive = true
        lastSeq = seq
        lastTime = time
        hasAnswered = true
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
        metricCount = 0
    }

    /// Drops what one device has said of its metrics: its birth says it anew.
    mutating func forget(_ device: DeviceName) {
        metricCount -= known.removeValue(forKey: device)?.count ?? 0
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
        if let askedAt, now - askedAt < (hasAnswered ? Self.rebirthPause : Self.rebirthInterval) { return false }
        askedAt = now
        hasAnswered = false
        return true
    }

    /// Remembers a metric that a birth has described, by all that data may call it; false if there is no room.
    mutating func remember(_ metric: Known, alias: UInt64?, of device: DeviceName) -> Bool {
        var isRemembered = true
        if let alias { isRemembered = remember(metric, .alias(alias), of: device) }
        // Data may bear the name all the same; without a unit the alias tells as much.
        if let name = metric.metric, alias == nil || metric.unit != .none {
            isRemembered = remember(metric, .name(name), of: device) && isRemembered
        }
        return isRemembered
    }

    private mutating func remember(_ metric: Known, _ key: Key, of device: DeviceName) -> Bool {
        let isNew = known[device]?[key] == nil
        guard !isNew || metricCount < Self.metricCountMax else { return false }
        known[device, default: [:]][key] = metric
        if isNew { metricCount += 1 }
        return true
    }

    /// What a birth has said of the metric that data of `device` calls so.
    func metric(_ name: MetricName?, alias: UInt64?, of device: DeviceName) -> Known? {
        guard let known = known[device] else { return nil }
        return name.flatMap { known[.name($0)] } ?? alias.flatMap { known[.alias($0)] }
    }

    /// Notes that a device has sent something; whether that it is there is news: the node lives, and it was not told.
    mutating func hear(_ device: DeviceName) -> Bool {
        let before = devices[device]
        guard before != true, before != nil || devices.count < Self.deviceCountMax else { return false }
        if before != isAlive { devices[device] = isAlive }
        return isAlive
    }

    /// The devices that go with the node, in the order in which they were first named.
    mutating func takeDevices() -> [DeviceName] {
        defer { devices.removeAll() }
        mayHaveUnheard = false
        return devices.keys.sorted { $0.index < $1.index }
    }

    /// What a metric is called by. An alias should be its node's alone, but some nodes count anew for each device; a
    /// message is of one device, so that nothing is lost by asking for both.
    private enum Key: Hashable {
        case alias(UInt64)
        case name(MetricName)
    }
}
