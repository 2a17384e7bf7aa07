internal import GatewayModel
internal import SQLite

/// Decides for each observation whether it is new, packs it, and tells what its sequence reveals. On the writer's thread.
struct ReadingsIntake {
    let writer: StreamWriter
    let history: History
    let boot: String
    private var body: [UInt8] = []
    /// Notes that follow from the observations of the open transaction.
    private(set) var derived: [Note] = []
    private(set) var isAnyStored = false
    private(set) var isAnyUntrusted = false

    /// Records between two snapshots of the devices' states: what opening the journal has to read again.
    private static let snapshotInterval = 32_768

    init(_ writer: StreamWriter, _ history: History, boot: String) {
        self.writer = writer
        self.history = history
        self.boot = boot
        body.reserveCapacity(4_096)
    }

    mutating func begin() {
        derived.removeAll()
        isAnyStored = false
        isAnyUntrusted = false
        history.begin()
    }

    /// Stores what is new of a batch.
    ///
    /// - Parameter limit: most records that the transaction may come to hold.
    mutating func store(
        _ request: AppendRequest, limit: Int, _ memory: inout IntakeMemory
    ) throws(SQLiteError) {
        let batch = request.batch
        request.outcomes.removeAll(keepingCapacity: true)
        request.outcomes.reserveCapacity(request.observations.count)
        for observation in request.observations {
            let hash = Self.hash(observation, batch)
            let isNameless = observation.messageID.isEmpty && observation.deviceSeq == nil
            // Each tells where the repetition has got to; the named and numbered are known anyway.
            let isRepeated = observation.isRedelivered && memory.isRepeated(hash)
            if isRepeated, isNameless {
                request.outcomes.append(.duplicate)
            } else {
                request.outcomes.append(try store(observation, hash, isNameless, batch, limit, &memory))
            }
        }
    }

    private mutating func store(
        _ observation: Observation, _ hash: UInt64, _ isNameless: Bool, _ batch: ObservationBatch, _ limit: Int,
        _ memory: inout IntakeMemory
    ) throws(SQLiteError) -> AppendReceipt.Outcome {
        let isAnnounced = observation.bootEvidence == .announced
        // A line that is not buffered anywhere repeats nothing over a boot that was seen.
        let isFresh = isAnnounced && observation.source == .serial
        if !isNameless, !isFresh, memory.knows(hash), !isNewNumber(observation, memory) { return .duplicate }
        var head = RecordHead(received: observation.received, source: observation.source.rawValue)
        head.flags = observation.flags
        head.deviceTime = observation.deviceTime
        head.uptime = Self.uptime(observation)
        var progress = memory.devices[observation.device].progress
        var missing: [DeviceProgress.Hole] = []
        var bootReason: SequenceVerdict.BootReason?
        if let seq = observation.deviceSeq {
            head.number = seq
            let verdict = progress.verdict(seq: seq, uptime: head.uptime, isAnnounced: isAnnounced)
            let isDoubtful = progress.isSeen(seq) && !isFresh && !memory.isComplete
            if isDoubtful, history.holds(hash, observation.device, progress.boot, seq) { return .duplicate }
            switch verdict {
            case .next: break
            case .gap, .late: break
            case .newBoot(let reason): bootReason = reason
            case .seen: head.flags.insert(.duplicateSeq)
            }
        } else {
            if isAnnounced, memory.devices[observation.device].isKnown { bootReason = .announced }
            if progress.isUptimeFallen(to: head.uptime, tolerant: true) { bootReason = .uptime }
        }
        if bootReason != nil {
            progress.beginBoot()
            head.flags.insert(.newBoot)
        }
        if let seq = observation.deviceSeq {
            // Without an announcement they may be of the boot before.
            if bootReason == nil || bootReason == .announced {
                head.heard = Array(batch.heardSequences[observation.heard])
            }
            missing = progress.take(seq, after: head.heard)
            if !missing.isEmpty { head.flags.insert(.gapBefore) }
        } else {
            progress.assigned &+= 1
            head.number = progress.assigned
            head.flags.insert(.seqAssigned)
        }
        progress.note(uptime: head.uptime)
        head.deviceBoot = progress.boot
        let seq = try insert(head, observation, batch, limit, memory)
        var layout = MetricLayout()
        for reading in batch.readings[observation.readings] { layout.add(reading.metric) }
        memory.devices.update(observation.device) { entry in
            entry.progress = progress
            entry.latest.note(seq, layout: layout.number)
        }
        memory.add(hash)
        if let bootReason { derived.append(.deviceBoot(observation, progress.boot, bootReason, cause: seq)) }
        for hole in missing { derived.append(.sequenceGap(observation, progress.boot, hole, cause: seq)) }
        return .stored(SequenceNumber(seq))
    }

    /// A serial line's number that this boot has not had: after a boot the same content comes under the same numbers.
    private func isNewNumber(_ observation: Observation, _ memory: IntakeMemory) -> Bool {
        guard observation.source == .serial, observation.messageID.isEmpty, let seq = observation.deviceSeq else {
            return false
        }
        return !memory.devices[observation.device].progress.isSeen(seq)
    }

    private mutating func insert(
        _ head: RecordHead, _ observation: Observation, _ batch: ObservationBatch, _ limit: Int,
        _ memory: IntakeMemory
    ) throws(SQLiteError) -> Int64 {
        if !isAnyStored {
            let (segment, isNew) = try writer.begin(limit, at: observation.received)
            isAnyStored = true
            // The state before the first record of the transaction, so that what follows it is always read again.
            if isNew || segment.recordsSinceSnapshot >= Self.snapshotInterval {
                try history.writeSnapshot(of: memory, to: segment, before: writer.next)
            }
            if isNew { try segment.markStart() }
        }
        guard let segment = writer.segment else { preconditionFailure("the transaction has a segment") }
        let wall = observation.received.wall
        segment.note(wall.trusted ? Timestamp.best(device: observation.deviceTime, received: wall) : wall)
        if !wall.trusted { isAnyUntrusted = true }
        var head = head
        head.device = try segment.number(of: observation.device)
        head.gatewayBoot = try segment.number(ofBoot: boot, observation.received)
        body.removeAll(keepingCapacity: true)
        batch.bytes.withUnsafeBytes { bytes in
            let id = UnsafeRawBufferPointer(rebasing: bytes[observation.messageID])
            if !id.isEmpty {
                head.identity = MessageIdentity.uuid(id) ?? .text(observation.messageID)
            } else {
                head.identity = .payload(observation.payloadHash)
            }
            head.append(to: &body, base: segment.names.base, text: bytes)
        }
        try segment.append(batch.readings[observation.readings], to: &body)
        return try writer.append(body)
    }

    private static func hash(_ observation: Observation, _ batch: ObservationBatch) -> UInt64 {
        if !observation.messageID.isEmpty {
            return batch.bytes.withUnsafeBytes { bytes in
                IdentityHash.of(
                    observation.device, messageID: UnsafeRawBufferPointer(rebasing: bytes[observation.messageID]))
            }
        }
        if let seq = observation.deviceSeq {
            return IdentityHash.of(observation.device, seq: seq, payload: observation.payloadHash)
        }
        return IdentityHash.of(observation.device, payload: observation.payloadHash)
    }

    private static func uptime(_ observation: Observation) -> UInt32? {
        guard case .uptime(let milliseconds) = observation.bootEvidence, milliseconds >= 0 else { return nil }
        return UInt32(clamping: milliseconds / 10)
    }
}

extension DeviceProgress {
    /// Takes note of a sequence and of those that came without a record before it.
    ///
    /// - Returns: what is missing before it.
    mutating func take(_ seq: UInt32, after heard: [ClosedRange<UInt32>]) -> [Hole] {
        var missing: [Hole] = []
        for range in heard where range.upperBound < seq && (!hasNumbers || range.upperBound > high) {
            if hasNumbers, range.lowerBound > high, range.lowerBound - high > 1 {
                missing.append(Hole(low: high + 1, high: range.lowerBound - 1))
            }
            take(max(range.lowerBound, hasNumbers ? high + 1 : 0))
            high = range.upperBound
        }
        if hasNumbers, seq > high, seq - high > 1 { missing.append(Hole(low: high + 1, high: seq - 1)) }
        take(seq)
        return missing
    }

    /// Takes note of a sequence, wherever it falls.
    mutating func take(_ seq: UInt32) {
        if !hasNumbers || seq > high { _ = advance(to: seq) } else { fill(seq) }
    }
}
