/// What is going to happen at a simulated site.
enum SimulationEvent {
    /// A device measures and publishes.
    case measure(device: Int)
    /// A device sends again what nobody has confirmed end to end.
    case sendAgain(device: Int)
    case arriveAtBroker(message: Int)
    /// PUBACKs of the gateway reach the broker.
    case acknowledge(packets: [Int], connection: Int)
    /// The gateway's end-to-end acknowledgement reaches a device.
    case confirm(message: Int)
    case intake(life: Int)
    case destination(Int, life: Int)
    /// A request reaches its server.
    case request(Int)
    /// The answer, or the time-out, reaches whoever asked.
    case answer(Int, SimulatedAnswer)
    case pull(Int)
    /// The journal's writer looks round.
    case turn(life: Int)
    case start
    case trouble
    case endOfOutage(server: Int)
    case endOfDiskTrouble
}

/// Events by their time; those of one moment in the order they were entered.
struct SimulationQueue {
    private var events: [(time: Int64, number: Int, event: SimulationEvent)] = []
    private var count = 0

    mutating func add(_ event: SimulationEvent, at time: Int64) {
        count += 1
        events.append((time, count, event))
        var index = events.count - 1
        while index > 0, precedes(index, (index - 1) / 2) {
            events.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func next() -> (time: Int64, event: SimulationEvent)? {
        guard let first = events.first else { return nil }
        let last = events.removeLast()
        guard !events.isEmpty else { return (first.time, first.event) }
        events[0] = last
        var index = 0
        while case let child = smallerChild(of: index), let child, precedes(child, index) {
            events.swapAt(index, child)
            index = child
        }
        return (first.time, first.event)
    }

    private func smallerChild(of index: Int) -> Int? {
        let left = 2 * index + 1
        guard left < events.count else { return nil }
        return left + 1 < events.count && precedes(left + 1, left) ? left + 1 : left
    }

    private func precedes(_ first: Int, _ second: Int) -> Bool {
        (events[first].time, events[first].number) < (events[second].time, events[second].number)
    }
}
