internal import EventLoop
internal import GatewayModel

/// The devices that have records in the window, each with its queue: one request at a time, in order.
struct PushLanes {
    enum State: Equatable {
        case ready
        case sending
        /// Its first record failed and waits (milliseconds of the monotonic clock).
        case cooling(until: Int64)
        /// Its first record is being condemned.
        case refusing
    }

    struct Lane {
        var device: DeviceID?
        var first: UInt64
        var last: UInt64
        var state = State.ready
        /// Of the first record; nil while it has not failed.
        var backoff: Backoff?
    }

    private var lanes: [Lane] = []
    private var free: [Int] = []
    private var byDevice: [DeviceID?: Int] = [:]
    private var ready: [Int] = []
    private var readyHead = 0
    private var cooling: [Int] = []

    /// The lane of `device`, with `slot` at the end of its queue; also the slot that stood last before, if any.
    mutating func append(_ slot: UInt64, device: DeviceID?) -> (lane: Int, previous: UInt64?) {
        if let lane = byDevice[device] {
            let previous = lanes[lane].last
            lanes[lane].last = slot
            return (lane, previous)
        }
        let made = Lane(device: device, first: slot, last: slot)
        let lane: Int
        if let freed = free.popLast() {
            lane = freed
            lanes[lane] = made
        } else {
            lane = lanes.count
            lanes.append(made)
        }
        byDevice[device] = lane
        ready.append(lane)
        return (lane, nil)
    }

    subscript(lane: Int) -> Lane { lanes[lane] }

    var hasReady: Bool { readyHead < ready.count }
    var coolingCount: Int { cooling.count }

    /// Takes the lane that has waited longest for its turn; its first record is then being sent.
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

    /// The first record of the lane is done with; `following` is the next one or `PushWindow.none`.
    mutating func removeFirst(_ lane: Int, following: UInt64) {
        lanes[lane].backoff = nil
        if following == PushWindow.none {
            byDevice[lanes[lane].device] = nil
            free.append(lane)
        } else {
            lanes[lane].first = following
            makeReady(lane)
        }
    }

    /// The first record stays first and may be sent again at once.
    mutating func makeReady(_ lane: Int) {
        lanes[lane].state = .ready
        ready.append(lane)
    }

    mutating func cool(_ lane: Int, backoff: Backoff, until: Int64) {
        lanes[lane].backoff = backoff
        lanes[lane].state = .cooling(until: until)
        cooling.append(lane)
    }

    mutating func refuse(_ lane: Int) { lanes[lane].state = .refusing }

    /// Makes ready what has cooled by `now`; everything, if `now` is nil.
    mutating func warm(now: Int64?) {
        guard !cooling.isEmpty else { return }
        var left: [Int] = []
        for lane in cooling {
            if case .cooling(let until) = lanes[lane].state, let now, until > now {
                left.append(lane)
            } else {
                makeReady(lane)
            }
        }
        cooling = left
    }

    /// When the next lane has cooled.
    var warmAt: Int64? {
        var earliest: Int64?
        for lane in cooling {
            if case .cooling(let until) = lanes[lane].state { earliest = min(earliest ?? until, until) }
        }
        return earliest
    }
}
