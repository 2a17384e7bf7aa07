package import GatewayModel

/// One stream on its way to a destination: reads ahead, puts batches together lane by lane, moves the cursor over what is
/// finished without a hole. Knows nothing of the link that it shares with the other streams.
package struct PushStream {
    struct Refusal {
        var slot: UInt64
        var status: Int
        var reason: String
        var dueAt: Int64
        var isUnderWay = false
    }

    let name: StreamName
    let isUrgent: Bool
    let settings: PushSettings
    /// Lanes of the stream; nil: one for each device.
    let shares: Int?
    var window: PushWindow
    var lanes = PushLanes()
    var refusals: [Refusal] = []
    /// Why the last lane began to cool.
    var laneReason = ""
    /// Why the destination does not take this stream now, although it takes others.
    var declinedReason: String?
    /// One beyond the highest slot ever sent.
    var sentBelow: UInt64 = 0
    private var mayHaveMore = true
    private var isReading = false
    private var hasGrownSinceRead = false
    private var readAt = Int64.min
    private var saveAt = Int64.min
    private var isSaving = false
    /// Batches of an earlier life: open ones wait for their lane, done ones for the cursor.
    var restored: [BatchSeal]
    var done: [BatchSeal]
    /// The lane whose batch waits for its ends to be stored, and since when another attempt is due.
    var sealing: Int?
    /// The seals as they are stored, and as they are being stored.
    var stored: [BatchSeal]
    var storing: [BatchSeal] = []
    var sealAt = Int64.min
    var isSealing = false
    /// Bytes of a batch: smaller than they may be after a 413, and growing again.
    var byteCountMax: Int
    let byteCountCeiling: Int
    /// The last record that an earlier life may have delivered ahead of the cursor.
    private let doneTo: SequenceNumber
    /// The last record of a batch that an earlier life had begun: read at once, so that it can be repeated whole.
    private let restoredTo: SequenceNumber

    /// The last sequence read or passed over.
    package private(set) var readTo: SequenceNumber
    /// Everything up to here is finished.
    private(set) var finishedTo: SequenceNumber
    /// Everything up to here is durably acknowledged.
    private(set) var savedTo: SequenceNumber

    init(_ stream: PushMachine.Stream, index: Int, _ settings: PushSettings, byteCountMax: Int) {
        name = stream.name
        isUrgent = stream.isUrgent
        self.settings = settings
        self.byteCountMax = byteCountMax
        byteCountCeiling = byteCountMax
        window = PushWindow(stream: index)
        readTo = stream.cursor
        finishedTo = stream.cursor
        savedTo = stream.cursor
        let seals = stream.seals.filter { $0.last > stream.cursor }
        stored = seals
        restored = seals.filter { !$0.isDone }
        done = seals.filter(\.isDone)
        restoredTo = restored.map(\.last).max() ?? .zero
        doneTo = done.map(\.last).max() ?? .zero
        // What was put together under another number of lanes is finished under it.
        let known = seals.first?.shares
        if settings.batching.recordsMax == 1 {
            shares = stream.isUrgent ? known ?? 1 : known
        } else {
            shares = known ?? (stream.isUrgent ? 1 : settings.parallelism)
        }
    }

    var recordsMax: Int { settings.batching.recordsMax }
    var hasSomethingToSend: Bool { lanes.hasReady || lanes.coolingCount > 0 || lanes.gatheringCount > 0 }
    var isSaved: Bool { savedTo == finishedTo }

    mutating func appended() {
        mayHaveMore = true
        // The page under way may have been read before.
        hasGrownSinceRead = isReading
    }

    mutating func take(_ records: [PushMachine.Record], next: SequenceNumber, more: Bool, now: Int64) {
        isReading = false
        mayHaveMore = more || hasGrownSinceRead
        hasGrownSinceRead = false
        let isRestoring = readTo < restoredTo
        for record in records where record.seq > readTo {
            readTo = record.seq
            if record.seq <= doneTo, isDone(record) {
                window.appendGap(to: record.seq)
            } else if let obstacle = record.obstacle {
                let slot = window.append(record.seq, lane: -1, byteCount: record.byteCount)
                refusals.append(Refusal(slot: slot, status: 0, reason: obstacle, dueAt: now))
            } else {
                append(record, now)
            }
        }
        if next > readTo {
            window.appendGap(to: next)
            readTo = next
        }
        if isRestoring { releaseRestored() }
        advance()
    }

    mutating func readFailed(_ now: Int64) {
        isReading = false
        readAt = now + 1_000
    }

    mutating func saved(_ seq: SequenceNumber, _ isStored: Bool, _ now: Int64) {
        isSaving = false
        if isStored { savedTo = max(savedTo, seq) }
        saveAt = now + (isStored ? settings.saveInterval : 1_000)
        if !done.isEmpty { done.removeAll { $0.last <= savedTo } }
    }

    /// Everything that waits is tried at once; back-offs keep their count.
    mutating func flush(_ now: Int64) {
        lanes.warm(now: nil)
        mayHaveMore = true
        readAt = now
        saveAt = now
        sealAt = now
        for index in refusals.indices { refusals[index].dueAt = min(refusals[index].dueAt, now) }
    }

    mutating func stop(_ now: Int64) { saveAt = now }

    /// The cursor to be stored now, if any.
    mutating func takeSave(_ now: Int64) -> SequenceNumber? {
        guard wantsSave, now >= saveAt, !mustSeal else { return nil }
        isSaving = true
        return finishedTo
    }

    private var wantsSave: Bool { finishedTo > savedTo && !isSaving }

    /// The cursor would enter a batch that is stored as open: a restart would then repeat a part of it under another key.
    private var mustSeal: Bool {
        stored.contains { !$0.isDone && $0.first <= finishedTo && finishedTo < $0.last }
    }

    /// What is to be stored before the next batch is sent, or before the cursor moves; nil if nothing now.
    mutating func takeSeals(_ now: Int64) -> [BatchSeal]? {
        guard !isSealing, now >= sealAt, sealing != nil || (wantsSave && now >= saveAt && mustSeal) else { return nil }
        isSealing = true
        storing = seals
        return storing
    }

    /// How many records to read now, if any.
    mutating func takeRead(_ now: Int64) -> Int? {
        guard wantsRead, now >= readAt else { return nil }
        isReading = true
        let room = max(1, settings.windowRecordsMax - window.heldCount)
        return min(settings.pageRecords, room)
    }

    func deadline(isStopping: Bool) -> Int64 {
        var earliest = Int64.max
        for refusal in refusals where !refusal.isUnderWay { earliest = min(earliest, refusal.dueAt) }
        if wantsSave, !isSealing { earliest = min(earliest, mustSeal ? max(saveAt, sealAt) : saveAt) }
        if !isStopping, wantsRead { earliest = min(earliest, readAt) }
        return earliest
    }

    /// Moves the cursor over what is finished at the front of the window.
    mutating func advance() { if let reached = window.advance() { finishedTo = reached } }

    private var wantsRead: Bool {
        guard mayHaveMore, !isReading else { return false }
        if readTo < restoredTo { return true }
        return window.heldCount <= readAheadMax && window.heldBytes <= settings.windowBytesMax / 2
            && window.span < settings.windowSpanMax
    }

    /// Of single records little is held while they flow, since what is sent soon after it was read costs least; much, when
    /// devices in trouble fill the window with records that have to wait for each other.
    private var readAheadMax: Int {
        let flows = recordsMax == 1 && lanes.hasReady && lanes.coolingCount == 0
        return flows ? min(settings.pageRecords, settings.windowRecordsMax / 2) : settings.windowRecordsMax / 2
    }

    private func isDone(_ record: PushMachine.Record) -> Bool {
        done.contains {
            $0.first <= record.seq && record.seq <= $0.last && record.deviceHash % UInt64($0.shares) == $0.share
        }
    }

    private mutating func append(_ record: PushMachine.Record, _ now: Int64) {
        let key = shares.map { isUrgent && $0 == 1 ? 0 : record.deviceHash % UInt64($0) } ?? record.deviceHash
        let slot = window.nextSlot
        let (lane, previous) = lanes.append(
            slot, key: key, device: record.device, byteCount: record.byteCount, now: now)
        _ = window.append(record.seq, lane: lane, byteCount: record.byteCount)
        if let previous {
            window.link(previous, to: slot)
            if case .gathering = lanes[lane].state, lanes[lane].ends.isEmpty, isFull(lane) { lanes.endGathering(lane) }
        } else {
            if !restored.isEmpty { adopt(lane) }
            settle(lane, now)
        }
    }
}
