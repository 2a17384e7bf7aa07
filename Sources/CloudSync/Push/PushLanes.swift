internal import EventLoop
internal import GatewayModel

/// The devices, or shares of the devices, that have records in the window, each with its queue: one request at a time, in
/// order.
struct PushLanes {
    enum State: Equatable {
        /// Waits for more records, or until then (milliseconds of the monotonic clock).
        case gathering(until: Int64)
        case ready
        case sending
        /// Its first batch failed and waits.
        case cooling(until: Int64)
        /// Records of its first batch are being condemned.
        case refusing
    }

    struct Lane {
        var key: UInt64
        /// Of the record that made the lane.
        var device: DeviceID?
        var first: UInt64
        var last: UInt64
        var count = 1
        var byteCount: Int
        var state = State.ready
        /// Where the batches end that are settled already: they are repeated as they are. In order.
        var ends: [SequenceNumber] = []
        /// Whether `ends` are stored.
        var isSealed = false
        /// No record of the queue beyond `ends` has been waiting for longer.
        var since: Int64
        /// Records of the first batch while it is being sent or refused.
        var sentCount = 0
        /// Records of the first batch that are condemned and not stored yet.
        var refusalsLeft = 0
        /// Of the first batch; nil while it has not failed.
        var backoff: Backoff?
    }

    private var lanes: [Lane] = []
    private var free: [Int] = []
    private var byKey: [UInt64: Int] = [:]
    private var ready: [Int] = []
    private var readyHead = 0
    private var cooling: [Int] = []
    private var gathering: [Int] = []

    /// The lane of `key`, with `slot` at the end of its queue; also the slot that stood last before, if any. A lane that
    /// is new belongs to no queue until it is put into one.
    mutating func append(
        _ slot: UInt64, key: UInt64, device: DeviceID?, byteCount: Int, now: Int64
    ) -> (lane: Int, previous: UInt64?) {
        if let lane = byKey[key] {
            let previous = lanes[lane].last
            lanes[lane].last = slot
            lanes[lane].count += 1
            lanes[lane].byteCount += byteCount
            return (lane, previous)
        }
        let made = Lane(key: key, device: device, first: slot, last: slot, byteCount: byteCount, since: now)
        let lane: Int
        if let freed = free.popLast() {
            lane = freed
            lanes[lane] = made
        } else {
            lane = lanes.count
            lanes.append(made)
        }
        byKey[key] = lane
        return (lane, nil)
    }

    subscript(lane: Int) -> Lane {
        get { lanes[lane] }
        _modify { yield &lanes[lane] }
    }

    var hasReady: Bool { readyHead < ready.count }
    var coolingCount: Int { cooling.count }
    var gatheringCount: Int { gathering.count }

    /// The lane that has waited longest for its turn.
    var firstReady: Int? { hasReady ? ready[readyHead] : nil }

    /// Takes `firstReady` off its queue; its first batch is then being sent.
    mutating func takeReady() -> Int? {
        guard hasReady else { return nil }
        let lane = ready[readyHead]
        readyHead += 1
        if readyHead == ready.count {
            ready.removeAll(keepingCapacity: true)
            readyHead = 0
        } else if readyHead > 512, readyHead > ready.count / 2 {
            ready.removeFirst(readyHead)
            readyHead = 0
        }
        lanes[lane].state = .sending
        return lane
    }

    /// Everything before `following` is done with; false if that was all, and the lane is gone.
    mutating func removeFirst(_ lane: Int, following: UInt64, count: Int, byteCount: Int) -> Bool {
        lanes[lane].backoff = nil
        if following == PushWindow.none {
            byKey[lanes[lane].key] = nil
            free.append(lane)
            return false
        }
        lanes[lane].first = following
        lanes[lane].count -= count
        lanes[lane].byteCount -= byteCount
        return true
    }

    /// The first batch may be sent at once.
    mutating func makeReady(_ lane: Int) {
        lanes[lane].state = .ready
        ready.append(lane)
    }

    mutating func gather(_ lane: Int, until: Int64) {
        lanes[lane].state = .gathering(until: until)
        gathering.append(lane)
    }

    /// A gathering lane need not wait any more.
    mutating func endGathering(_ lane: Int) {
        gathering.removeAll { $0 == lane }
        makeReady(lane)
    }

    mutating func cool(_ lane: Int, backoff: Backoff, until: Int64) {
        lanes[lane].backoff = backoff
        lanes[lane].state = .cooling(until: until)
        cooling.append(lane)
    }

    mutating func refuse(_ lane: Int, count: Int) {
        lanes[lane].state = .refusing
        lanes[lane].refusalsLeft = count
    }

    /// Makes ready what has cooled or gathered by `now`; everything, if `now` is nil.
    mutating func warm(now: Int64?) {
        if !cooling.isEmpty { cooling = waiting(cooling, now) }
        if !gathering.isEmpty { gathering = waiting(gathering, now) }
    }

    /// Those of `queue` that go on waiting; the others are made ready.
    private mutating func waiting(_ queue: [Int], _ now: Int64?) -> [Int] {
        var left: [Int] = []
        for lane in queue {
            if let until = until(lane), let now, until > now {
                left.append(lane)
            } else {
                makeReady(lane)
            }
        }
        return left
    }

    private func until(_ lane: Int) -> Int64? {
        switch lanes[lane].state {
        case .cooling(let until), .gathering(let until): until
        case .ready, .sending, .refusing: nil
        }
    }

    /// When the next lane has cooled or gathered.
    var warmAt: Int64? {
        var earliest: Int64?
        for lane in cooling { if let until = until(lane) { earliest = min(earliest ?? until, until) } }
        for lane in gathering { if let until = until(lane) { earliest = min(earliest ?? until, until) } }
        return earliest
    }

    /// All that hold records.
    var all: [Int] { byKey.values.sorted() }
}
