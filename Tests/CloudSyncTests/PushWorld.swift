import GatewayModel

@testable import CloudSync

/// A journal, a destination and a clock around one `PushMachine`, with a ledger that the machine cannot touch.
final class PushWorld {
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    var machine: PushMachine
    var now: Int64 = 0
    let settings: PushSettings
    /// The stream: record `n` (from 0) has sequence `n + 1` and belongs to device `devices[n]`.
    private(set) var devices: [String]
    /// The durable cursor and the durably condemned sequences.
    private(set) var saved = SequenceNumber.zero
    private(set) var condemned: Set<Int64> = []
    /// Sequences in the order of their arrival at the destination, repeats included.
    private(set) var arrivals: [Int64] = []
    /// Sequences whose confirmation was told to the machine since its start.
    private(set) var confirmed: Set<Int64> = []
    /// Requests under way: slot and sequence.
    private(set) var underWay: [(slot: UInt64, seq: Int64)] = []
    var journalFails = false
    /// Sequences that are lost from the stream: told as passed over.
    let lost: Set<Int64>
    private var bySlot: [UInt64: Int64] = [:]
    private var restarts: UInt64 = 0

    init(devices: [String], settings: PushSettings, lost: Set<Int64> = []) {
        self.devices = devices
        self.settings = settings
        self.lost = lost
        machine = PushMachine(settings, from: .zero, seed: 1)
    }

    var last: Int64 { Int64(devices.count) }
    var isDelivered: Bool { saved.rawValue == last && underWay.isEmpty }

    var isDrained: Bool { machine.isDrained }
    var condition: PushMachine.Condition { machine.condition }
    var window: PushWindow { machine.window }

    func append(_ device: String) {
        devices.append(device)
        machine.on(.appended, now: now)
    }

    /// The process dies and starts again from what is durable. Requests under way may still arrive.
    func crash() {
        restarts += 1
        machine = PushMachine(settings, from: saved, seed: restarts)
        underWay = []
        bySlot = [:]
        confirmed = []
    }

    /// Carries out everything the machine wants now.
    func pump() throws {
        var steps = 0
        while let action = machine.next(now: now) {
            steps += 1
            guard steps < 10_000 else { throw Violation(description: "the machine spins at \(action)") }
            switch action {
            case .read(let after, let limit): read(after.rawValue, limit)
            case .send(let slot): try send(slot)
            case .refuse(let slot, _, _):
                if !journalFails, let seq = bySlot[slot] { condemned.insert(seq) }
                machine.on(.refused(slot: slot, !journalFails), now: now)
            case .save(let seq):
                try checkCursor(seq.rawValue)
                if !journalFails { saved = max(saved, seq) }
                machine.on(.saved(seq, !journalFails), now: now)
            }
        }
    }

    /// The destination receives request `index` of `underWay`; `stores` tells whether it keeps it.
    func answer(_ index: Int, _ outcome: PushOutcome, stores: Bool) throws {
        let (slot, seq) = underWay.remove(at: index)
        if stores { arrivals.append(seq) }
        if outcome == .accepted { confirmed.insert(seq) }
        machine.on(.answered(slot: slot, outcome), now: now)
    }

    /// Lets time pass to the machine's next deadline, or by a second.
    func passTime() { now = max(now, machine.deadline() ?? now + 1_000) }

    /// From here on everything works: demands that all is delivered, in order, and nothing left out.
    func heal() throws {
        journalFails = false
        var rounds = 0
        while !isDelivered {
            rounds += 1
            guard rounds < 100_000 else { throw Violation(description: "does not drain: \(machine.condition)") }
            try pump()
            if underWay.isEmpty { passTime() } else { try answer(0, .accepted, stores: true) }
        }
        try checkDelivered()
    }

    private func checkDelivered() throws {
        let arrived = Set(arrivals)
        for seq in 1...max(1, last) where seq <= last && !lost.contains(seq) {
            guard arrived.contains(seq) || condemned.contains(seq) else {
                throw Violation(description: "record \(seq) is lost")
            }
        }
        var newest: [String: Int64] = [:]
        var seen: Set<Int64> = []
        // A condemned record has lost its place: it may arrive after all when it is tried again after a restart.
        for seq in arrivals where seen.insert(seq).inserted && !condemned.contains(seq) {
            let device = devices[Int(seq) - 1]
            guard seq > newest[device, default: 0] else {
                throw Violation(description: "record \(seq) of \(device) came after \(newest[device, default: 0])")
            }
            newest[device] = seq
        }
    }

    private func checkCursor(_ seq: Int64) throws {
        guard seq > saved.rawValue else { throw Violation(description: "the cursor does not move on") }
        for passed in (saved.rawValue + 1)...seq where !lost.contains(passed) {
            guard confirmed.contains(passed) || condemned.contains(passed) else {
                throw Violation(description: "the cursor passes record \(passed), which nobody confirmed")
            }
        }
    }

    private func read(_ after: Int64, _ limit: Int) {
        if journalFails { return machine.on(.readFailed, now: now) }
        var records: [PushMachine.Record] = []
        var slot = machine.nextSlot
        var seq = after
        while seq < last, records.count < limit {
            seq += 1
            if lost.contains(seq) { continue }
            records.append(
                PushMachine.Record(seq: SequenceNumber(seq), device: DeviceID(devices[Int(seq) - 1])))
            bySlot[slot] = seq
            slot += 1
        }
        machine.on(.read(records, next: SequenceNumber(seq), more: seq < last), now: now)
    }

    private func send(_ slot: UInt64) throws {
        guard let seq = bySlot[slot] else { throw Violation(description: "slot \(slot) was never read") }
        let device = devices[Int(seq) - 1]
        guard underWay.count < settings.parallelism else { throw Violation(description: "too many at once") }
        guard !underWay.contains(where: { devices[Int($0.seq) - 1] == device }) else {
            throw Violation(description: "two requests of \(device) at once")
        }
        guard !confirmed.contains(seq) else { throw Violation(description: "record \(seq) is sent again") }
        underWay.append((slot, seq))
    }
}
