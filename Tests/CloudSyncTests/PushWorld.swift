import GatewayModel

@testable import CloudSync

/// A journal, a destination and a clock around one `PushMachine`, with a ledger that the machine cannot touch.
final class PushWorld {
    struct Violation: Error, CustomStringConvertible {
        var description: String
    }

    /// A request under way.
    struct Request {
        var slot: UInt64
        var seqs: [Int64]
        /// What the destination can recognise it by.
        var key: String

        var seq: Int64 { seqs.first ?? 0 }
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
    /// As above, since the beginning.
    private var everConfirmed: Set<Int64> = []
    private(set) var underWay: [Request] = []
    /// How many records the destination has stored of requests by their key: it recognises repeats.
    private(set) var storedByKey: [String: Int] = [:]
    /// The batches that are durably known to be under way.
    private(set) var seals: [BatchSeal] = []
    var journalFails = false
    /// Sequences that are lost from the stream: told as passed over.
    let lost: Set<Int64>
    private var bySlot: [UInt64: Int64] = [:]
    private var byKey: [String: [Int64]] = [:]
    private var rejectionsByKey: [String: PushOutcome] = [:]
    private var restarts: UInt64 = 0

    init(devices: [String], settings: PushSettings, lost: Set<Int64> = []) {
        self.devices = devices
        self.settings = settings
        self.lost = lost
        machine = PushMachine(settings, [PushMachine.Stream(.readings, from: .zero)], seed: 1)
    }

    var last: Int64 { Int64(devices.count) }
    var isDelivered: Bool { saved.rawValue == last && underWay.isEmpty }

    var isDrained: Bool { machine.isDrained }
    var condition: PushMachine.Condition { machine.condition }
    var window: PushWindow { machine.streams[0].window }

    func append(_ device: String) {
        devices.append(device)
        machine.on(.appended(), now: now)
    }

    /// The process dies and starts again from what is durable. Requests under way may still arrive.
    func crash() {
        restarts += 1
        let seals = seals.compactMap { BatchSeal(text: $0.text[...]) }
        machine = PushMachine(settings, [PushMachine.Stream(.readings, from: saved, seals: seals)], seed: restarts)
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
            case .read(let after, let limit, _): read(after.rawValue, limit)
            case .send(let batch): try send(batch)
            case .seal(let next, _):
                if !journalFails { seals = next }
                machine.on(.sealed(!journalFails), now: now)
            case .refuse(let slot, _, _):
                if !journalFails, let seq = bySlot[slot] { condemned.insert(seq) }
                machine.on(.refused(slot: slot, !journalFails), now: now)
            case .save(let seq, _):
                try checkCursor(seq.rawValue)
                if !journalFails { saved = max(saved, seq) }
                machine.on(.saved(seq, !journalFails), now: now)
            }
        }
    }

    /// The destination receives request `index` of `underWay`; `stores` tells whether it keeps it.
    func answer(_ index: Int, _ outcome: PushOutcome, stores: Bool) throws {
        let request = underWay.remove(at: index)
        var outcome = outcome
        if stores {
            var known = storedByKey[request.key]
            if settings.batching.recordsMax == 1 { known = nil }
            // What was stored in part before is answered as before.
            if let known, outcome == .accepted, known < request.seqs.count { outcome = .acceptedFirst(known) }
            if known != nil, outcome == .accepted, let verdict = rejectionsByKey[request.key] { outcome = verdict }
            if case .rejected = outcome { rejectionsByKey[request.key] = outcome }
            let count = if case .acceptedFirst(let count) = outcome { count } else { request.seqs.count }
            if known == nil { arrivals += storedOf(request, outcome, count) }
            storedByKey[request.key] = known ?? count
        }
        switch outcome {
        case .accepted: confirmed.formUnion(request.seqs)
        case .acceptedFirst(let count): confirmed.formUnion(request.seqs.prefix(count))
        case .rejected(let rejections):
            let condemned = Set(rejections.map(\.index))
            for (index, seq) in request.seqs.enumerated() where !condemned.contains(index) { confirmed.insert(seq) }
        default: break
        }
        everConfirmed.formUnion(confirmed)
        machine.on(.answered(slot: request.slot, outcome), now: now)
    }

    private func storedOf(_ request: Request, _ outcome: PushOutcome, _ count: Int) -> [Int64] {
        guard case .rejected(let rejections) = outcome else { return Array(request.seqs.prefix(count)) }
        let condemned = Set(rejections.map(\.index))
        return request.seqs.enumerated().filter { !condemned.contains($0.offset) }.map(\.element)
    }

    /// Lets time pass to the machine's next deadline, or by a second.
    func passTime() { now = max(now, machine.deadline(now: now) ?? now + 1_000) }

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
        if settings.batching.isSealed, arrived.count < arrivals.count {
            let twice = Set(arrivals.filter { seq in arrivals.count { $0 == seq } > 1 })
            let keys = storedByKey.keys.filter { !twice.isDisjoint(with: byKey[$0] ?? []) }
            throw Violation(
                description: "\(twice.sorted()) are stored twice although repeats are recognised: "
                    + keys.map { "\($0)=\(storedByKey[$0] ?? 0) \(byKey[$0] ?? [])" }.joined(separator: "; "))
        }
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
            guard everConfirmed.contains(passed) || condemned.contains(passed) else {
                throw Violation(description: "the cursor passes record \(passed), which nobody confirmed")
            }
        }
    }

    private func read(_ after: Int64, _ limit: Int) {
        if journalFails { return machine.on(.readFailed(), now: now) }
        var records: [PushMachine.Record] = []
        var slot = machine.nextSlot(0)
        var seq = after
        while seq < last, records.count < limit {
            seq += 1
            if lost.contains(seq) { continue }
            records.append(
                PushMachine.Record(seq: SequenceNumber(seq), device: DeviceID(devices[Int(seq) - 1]), byteCount: 10))
            bySlot[slot] = seq
            slot += 1
        }
        machine.on(.read(records, next: SequenceNumber(seq), more: seq < last), now: now)
    }

    private func send(_ batch: PushBatch) throws {
        let seqs = machine.slots(of: batch).compactMap { bySlot[$0] }
        guard seqs.count == batch.count, let first = seqs.first, let last = seqs.last,
            batch.firstSeq.rawValue == first, batch.lastSeq.rawValue == last
        else { throw Violation(description: "batch \(batch) is not what was read: \(seqs)") }
        let devices = Set(seqs.map { self.devices[Int($0) - 1] })
        guard underWay.count < settings.parallelism else { throw Violation(description: "too many at once") }
        guard seqs.count <= settings.batching.recordsMax else { throw Violation(description: "too large a batch") }
        for other in underWay where !devices.isDisjoint(with: other.seqs.map { self.devices[Int($0) - 1] }) {
            throw Violation(description: "two requests of one device at once")
        }
        guard confirmed.isDisjoint(with: seqs) else { throw Violation(description: "one of \(seqs) is sent again") }
        let key = "\(first)-\(last)/\(seqs.count)/\(batch.share).\(batch.shares)"
        if let known = byKey[key], known != seqs {
            throw Violation(description: "key \(key) means \(seqs) and meant \(known)")
        }
        byKey[key] = seqs
        underWay.append(Request(slot: batch.slot, seqs: seqs, key: key))
    }
}
