internal import FieldProtocols
internal import GatewayModel

/// Decides what a bus is asked next. No I/O, no clock: all times are milliseconds of a monotonic clock.
///
/// A group of points is read at its interval, counted from when it was due and not from when it came. A silent slave is
/// asked in the pauses of the others only.
struct BusSchedule: ~Copyable {
    /// What to do.
    enum Step: Equatable {
        /// Read this and report by `finished`.
        case read(Request)
        /// Nothing until then; nil: for ever.
        case wait(until: Int64?)
    }

    /// One request to the bus.
    struct Request: Equatable {
        var device: Int
        var group: Int
        var block: ReadBlock
        var timeout: Int64
        /// Times this has been asked before in a row.
        var attempt: Int
    }

    /// How a request went.
    enum Outcome: Equatable {
        case values(after: Int64)
        /// The slave refused the address.
        case refusedAddress
        /// The slave refused for good.
        case refused
        /// It will do later.
        case busy
        case damaged
        case silent
    }

    /// What a round has come to, once it is over.
    struct Round: Equatable {
        var device: Int
        var group: Int
        /// Blocks that were read, and those that were not.
        var read = 0
        var failed = 0
    }

    private struct Group {
        var interval: Int64
        var dueAt: Int64
        var blocks: [ReadBlock]
        /// The block that is next in the round; nil between rounds.
        var next: Int?
        var attempt = 0
        /// Not before, after `busy`.
        var heldUntil: Int64 = 0
        var round: Round
    }

    private struct Slave {
        var map: ModbusMap
        var groups: [Group]
        var circuit = SlaveCircuit()
    }

    private var slaves: [Slave]
    private let timeout: Int64
    private let lateMax: Int64

    /// Attempts of one request at most, the first included.
    static let attemptMax = 3
    /// How long a busy slave is left in peace.
    static let busyMilliseconds: Int64 = 100

    /// - Parameters:
    ///   - timeout: how long an answer may take at most, in milliseconds.
    ///   - lateMax: how long after a question its answer is reckoned with at most, in milliseconds.
    init(_ devices: [ModbusDevice], timeout: Int64, lateMax: Int64, now: Int64) {
        self.timeout = timeout
        self.lateMax = lateMax
        slaves = devices.enumerated().map { index, device in
            let groups = device.map.groups.indices.map { group in
                Group(
                    interval: max(1, device.map.groups[group].interval.milliseconds), dueAt: now,
                    blocks: device.map.blocks(of: group), round: Round(device: index, group: group))
            }
            return Slave(map: device.map, groups: groups.filter { !$0.blocks.isEmpty })
        }
    }

    /// How a slave stands.
    func circuit(of device: Int) -> SlaveCircuit { slaves[device].circuit }

    /// What to do at `now`.
    func next(_ now: Int64) -> Step {
        var earliest: Int64?
        var best: (due: Int64, slave: Int, group: Int)?
        for (index, slave) in slaves.enumerated() where slave.circuit.isClosed {
            for (number, group) in slave.groups.enumerated() {
                let due = max(group.dueAt, group.heldUntil)
                if due <= now {
                    // A round that was begun is finished first, so that its readings belong together.
                    let rank = group.next == nil ? due : .min
                    if best.map({ rank < $0.due }) ?? true { best = (rank, index, number) }
                } else {
                    earliest = min(earliest ?? due, due)
                }
            }
        }
        if let best { return .read(request(best.slave, best.group)) }
        return probe(now, before: earliest)
    }

    /// A silent slave, if there is time for its silence before somebody else is due.
    private func probe(_ now: Int64, before earliest: Int64?) -> Step {
        let silent = slaves.indices.filter { !slaves[$0].circuit.isClosed && !slaves[$0].groups.isEmpty }
        guard let first = silent.min(by: { slaves[$0].circuit.retryAt < slaves[$1].circuit.retryAt }) else {
            return .wait(until: earliest)
        }
        let circuit = slaves[first].circuit
        guard circuit.retryAt <= now else { return .wait(until: min(earliest ?? .max, circuit.retryAt)) }
        var request = request(first, 0)
        if let earliest, earliest - now < timeout {
            // There may never be a pause as long as that. A slave that waits long for one is asked in a short one.
            guard now - circuit.retryAt > 2 * shortestInterval, earliest - now >= Self.pauseMin else {
                return .wait(until: earliest)
            }
            request.timeout = earliest - now
        }
        return .read(request)
    }

    static let pauseMin: Int64 = 20

    private var shortestInterval: Int64 { slaves.flatMap { $0.groups.map(\.interval) }.min() ?? 1_000 }

    private func request(_ index: Int, _ number: Int) -> Request {
        let group = slaves[index].groups[number]
        return Request(
            device: index, group: number, block: group.blocks[min(group.next ?? 0, group.blocks.count - 1)],
            timeout: slaves[index].circuit.timeout(most: timeout), attempt: group.attempt)
    }

    /// Takes note of how a request went.
    ///
    /// - Returns: the round, if it is over now.
    mutating func finished(_ request: Request, _ outcome: Outcome, _ now: Int64) -> Round? {
        let (index, number) = (request.device, request.group)
        switch outcome {
        case .values(let time):
            hear(index, after: time, now)
            slaves[index].groups[number].round.read += 1
            return advance(index, number, now)
        case .refusedAddress where request.block.points.count > 1:
            hear(index, after: 0, now)
            split(index, number, request.block)
            return nil
        case .refusedAddress, .refused:
            hear(index, after: 0, now)
            return advance(index, number, now)
        case .busy:
            hear(index, after: 0, now)
            guard request.attempt + 1 < Self.attemptMax else { return advance(index, number, now) }
            slaves[index].groups[number].attempt += 1
            slaves[index].groups[number].heldUntil = now + Self.busyMilliseconds
            slaves[index].groups[number].next = slaves[index].groups[number].next ?? 0
            return nil
        case .damaged:
            // Rubbish for ever is no better than silence: it must not be asked for without a pause.
            guard request.attempt + 1 < Self.attemptMax else {
                slaves[index].circuit.wasSilent(now: now + SlaveCircuit.retryMilliseconds)
                return end(index, number, now)
            }
            slaves[index].groups[number].attempt += 1
            slaves[index].groups[number].next = slaves[index].groups[number].next ?? 0
            return nil
        case .silent:
            // Its answer may still come, and be taken for that of whatever it is asked next.
            slaves[index].circuit.wasSilent(now: now + max(0, lateMax - request.timeout))
            // The round that was begun is given up: what was read of it is stored, the rest comes with the next.
            return end(index, number, now)
        }
    }

    /// A slave said something. The periods of one that was silent or not known count from when it was asked.
    private mutating func hear(_ index: Int, after time: Int64, _ now: Int64) {
        if !slaves[index].circuit.isClosed {
            for number in slaves[index].groups.indices where slaves[index].groups[number].dueAt < now - time {
                slaves[index].groups[number].dueAt = now - time
            }
        }
        slaves[index].circuit.answered(after: Double(time))
    }

    private mutating func advance(_ index: Int, _ number: Int, _ now: Int64) -> Round? {
        let next = (slaves[index].groups[number].next ?? 0) + 1
        slaves[index].groups[number].attempt = 0
        guard next >= slaves[index].groups[number].blocks.count else {
            slaves[index].groups[number].next = next
            return nil
        }
        return end(index, number, now)
    }

    private mutating func end(_ index: Int, _ number: Int, _ now: Int64) -> Round {
        var group = slaves[index].groups[number]
        var round = group.round
        round.failed = group.blocks.count - round.read
        group.next = nil
        group.attempt = 0
        group.heldUntil = 0
        group.round.read = 0
        // Counted on from when it was due; periods that are over already are left out.
        let behind = max(0, now - group.dueAt) / group.interval
        group.dueAt += (behind + 1) * group.interval
        slaves[index].groups[number] = group
        return round
    }

    /// Points one by one from now on: the device has no register somewhere between them.
    private mutating func split(_ index: Int, _ number: Int, _ block: ReadBlock) {
        guard let place = slaves[index].groups[number].blocks.firstIndex(of: block) else { return }
        let singles = slaves[index].map.singles(of: block)
        slaves[index].groups[number].blocks.replaceSubrange(place...place, with: singles)
        slaves[index].groups[number].attempt = 0
        if slaves[index].groups[number].next == nil { slaves[index].groups[number].next = 0 }
    }
}
