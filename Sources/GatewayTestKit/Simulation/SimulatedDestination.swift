internal import CloudSync
internal import FieldProtocols
internal import GatewayModel
internal import Journal

/// One destination in one life of the gateway: the real machine, schedule and budget over the real journal, with requests
/// that a simulated network carries.
final class SimulatedDestination {
    let index: Int
    let plan: SimulationPlan.Destination
    private unowned let gateway: SimulatedGateway
    private let sources: [DeliverySource]
    private var machine: PushMachine
    private var budget: RequestBudget
    private var heartbeats: HeartbeatSchedule
    private var heartbeatListAt = Int64.min
    private var held: [UInt64: SimulatedRequest.Item] = [:]
    /// What the cursor may not pass before the server has it or it is kept as refused, by stream and number.
    private var owed: [[(seq: SequenceNumber, identity: String)]]
    private var refused: Set<String> = []
    private var envelope: MASEnvelope
    private var line: RecordJSON
    private let identity: RecordIdentity
    private var attempts = 0

    init(_ index: Int, _ plan: SimulationPlan.Destination, _ gateway: SimulatedGateway, seed: UInt64) throws {
        self.index = index
        self.plan = plan
        self.gateway = gateway
        let journal = gateway.journal
        let streams = plan.streams
        let seals = plan.kind == .keyedBatches ? gateway.seals : nil
        sources = streams.map {
            DeliverySource(journal: journal, consumer: Self.name(index), stream: $0, seals: seals)
        }
        let cursors = try sources.map { PushMachine.Stream($0.stream, from: $0.acknowledged(), seals: try $0.seals()) }
        machine = PushMachine(plan.settings, cursors, seed: seed)
        budget = RequestBudget(plan.isPaced ? .always : .never, now: gateway.now)
        heartbeats = HeartbeatSchedule(isPaced: plan.isPaced, seed: seed &+ 1)
        owed = streams.map { _ in [] }
        envelope = MASEnvelope(gateway: SimulatedGateway.id, epoch: journal.epoch)
        line = RecordJSON(gateway: SimulatedGateway.id, epoch: journal.epoch)
        identity = RecordIdentity(gateway: SimulatedGateway.id, epoch: journal.epoch)
    }

    static func name(_ index: Int) -> String { "destination-\(index)" }

    var isDrained: Bool {
        machine.isDrained && sources.allSatisfy { $0.acknowledged() == $0.last() }
    }

    /// Why it does not drain.
    var description: String {
        let cursors = sources.map { "\($0.stream.rawValue) \($0.acknowledged())/\($0.last())" }
        return "\(Self.name(index)) at \(cursors.joined(separator: ", ")), \(machine.condition)"
    }

    func appended() { for index in sources.indices { machine.on(.appended(stream: index), now: gateway.now) } }
    func flush() { machine.on(.flush, now: gateway.now) }

    /// Does what is to be done now; when to come back although nothing happens (milliseconds of the monotonic clock).
    func turn() throws -> Int64? {
        try sendHeartbeats()
        var steps = 0
        while let action = machine.next(now: gateway.now, maySend: budget.allowsEnvelope(now: gateway.now)) {
            steps += 1
            guard steps < 10_000 else { throw SimulationViolation("\(Self.name(index)) spins at \(action)") }
            try gateway.step("act", Int64(index))
            try perform(action)
        }
        let budgetAt = budget.envelopeAt(now: gateway.now)
        var at = machine.deadline(now: gateway.now, maySend: budgetAt == nil) ?? .max
        if let budgetAt, machine.hasSomethingToSend { at = min(at, budgetAt) }
        if plan.kind == .records { at = min(at, heartbeatDeadline) }
        return at == .max ? nil : at
    }

    func answered(_ slot: UInt64, _ outcome: PushOutcome) throws {
        try gateway.step("answered", Int64(index), Int64(clamping: slot))
        machine.on(.answered(slot: slot, outcome), now: gateway.now)
    }

    func heartbeatAnswered(_ device: String, _ answer: HeartbeatSchedule.Answer) {
        heartbeats.answered(device, answer, now: gateway.now)
    }

    private var heartbeatDeadline: Int64 {
        guard let due = heartbeats.deadline else { return heartbeatListAt }
        return min(heartbeatListAt, max(due, budget.heartbeatAt(now: gateway.now) ?? due))
    }

    private func sendHeartbeats() throws {
        guard plan.kind == .records else { return }
        if gateway.now >= heartbeatListAt {
            heartbeatListAt = gateway.now + 20_000
            heartbeats.list(gateway.devices.map { ($0, 1) }, now: gateway.now)
        }
        while budget.allowsHeartbeat(now: gateway.now), let device = heartbeats.next(now: gateway.now) {
            budget.spendHeartbeat()
            try gateway.send(index, slot: 0, .heartbeat(device))
        }
    }

    private func perform(_ action: PushMachine.Action) throws {
        switch action {
        case .read(let after, let limit, let stream): try read(after, limit, stream)
        case .send(let batch): try send(batch)
        case .refuse(let slot, let status, let reason): try refuse(slot, status, reason)
        case .seal(let seals, let stream):
            let isStored = try gateway.onDisk { try sources[stream].seal(seals) }
            machine.on(.sealed(isStored, stream: stream), now: gateway.now)
        case .save(let seq, let stream):
            try checkCursor(seq, stream)
            let isStored = try gateway.onDisk { try sources[stream].acknowledge(seq) }
            machine.on(.saved(seq, isStored, stream: stream), now: gateway.now)
        }
    }

    private func read(_ after: SequenceNumber, _ limit: Int, _ stream: Int) throws {
        var items: [SimulatedRequest.Item] = []
        var end = (next: after, more: false)
        let isRead = try gateway.onDisk {
            end = try sources[stream].visit(after, limit, { _ in }) { items.append(render($0)) }
        }
        guard isRead else { return machine.on(.readFailed(stream: stream), now: gateway.now) }
        let slot = machine.nextSlot(stream)
        let known = machine.streams[stream].readTo
        let records = items.map { item in
            PushMachine.Record(
                seq: item.seq, device: DeviceID(gateway.bug == .mixesOrder ? "\(item.seq)" : item.device),
                byteCount: item.bytes.count)
        }
        machine.on(.read(records, next: end.next, more: end.more, stream: stream), now: gateway.now)
        var next = slot
        for item in items where item.seq > known {
            if machine.isHeld(next) { held[next] = item }
            owed[stream].append((item.seq, item.identity))
            next += 1
        }
    }

    private func send(_ batch: PushBatch) throws {
        let source = sources[batch.stream]
        let items = machine.slots(of: batch).compactMap { held[$0] }
        guard items.count == batch.count else {
            throw SimulationViolation("\(Self.name(index)) sends records that it has not read")
        }
        let share = batch.shares > 1 ? "/\(batch.share).\(batch.shares)" : ""
        let key = "\(source.epoch)/\(source.stream.rawValue)/\(batch.firstSeq)-\(batch.lastSeq)/\(batch.count)\(share)"
        budget.spendEnvelope()
        machine.on(.spent(items.reduce(300) { $0 + $1.bytes.count }), now: gateway.now)
        try gateway.send(index, slot: batch.slot, .records(items.map(asSent), key: key))
        if gateway.bug == .savesCursorBeforeAnswer {
            _ = try gateway.onDisk { try source.acknowledge(batch.lastSeq) }
        }
    }

    private func asSent(_ item: SimulatedRequest.Item) -> SimulatedRequest.Item {
        guard gateway.bug == .changesContent else { return item }
        attempts += 1
        var item = item
        item.bytes += Array("\(attempts)".utf8)
        return item
    }

    private func refuse(_ slot: UInt64, _ status: Int, _ reason: String) throws {
        guard let item = held[slot] else { return machine.on(.refused(slot: slot, true), now: gateway.now) }
        let isStored = try gateway.onDisk {
            guard gateway.bug != .forgetsRefused else { return }
            try sources[PushWindow.stream(of: slot)].refuse(item.seq, item.identity, status, reason)
        }
        if isStored { refused.insert(item.identity) }
        machine.on(.refused(slot: slot, isStored), now: gateway.now)
    }

    private func checkCursor(_ seq: SequenceNumber, _ stream: Int) throws {
        guard seq > sources[stream].acknowledged() || gateway.bug != nil else {
            throw SimulationViolation("the cursor of \(Self.name(index)) does not move on")
        }
        let passed = owed[stream].prefix { $0.seq <= seq }
        for (seq, identity) in passed where !gateway.isDelivered(identity, index) {
            guard try refused.contains(identity) || isRefused(identity) else {
                throw SimulationViolation("the cursor of \(Self.name(index)) passes \(seq), which nobody has")
            }
        }
        owed[stream].removeFirst(passed.count)
    }

    /// Also what an earlier life has condemned.
    private func isRefused(_ identity: String) throws -> Bool {
        for record in try gateway.journal.refused(by: Self.name(index), limit: 10_000) {
            refused.insert(record.identity)
        }
        return refused.contains(identity)
    }

    private func render(_ record: borrowing StoredRecord) -> SimulatedRequest.Item {
        let record = copy record
        var item = SimulatedRequest.Item(
            stream: record.stream, seq: record.seq, device: record.device?.text ?? "", number: record.simulatedNumber,
            identity: record.simulatedIdentity, bytes: [])
        if plan.kind == .records {
            item.bytes = envelope.body(record) ?? []
            item.identity = identity.messageID(of: record)
        } else {
            line.append(record, to: &item.bytes)
        }
        return item
    }
}

extension StoredRecord {
    /// What names the record for ever.
    var simulatedIdentity: String { "\(epoch)/\(stream.rawValue)/\(seq)" }

    /// The message id that the MAS gets for a record whose device sent none.
    var derivedID: String { RecordIdentity(gateway: SimulatedGateway.id, epoch: epoch).messageID(of: self) }
}
