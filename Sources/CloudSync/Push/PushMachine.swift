internal import EventLoop
internal import GatewayModel

/// Decides what a destination does next: reads ahead, sends in parallel across devices and in order within one, moves the
/// cursor over what is finished without a hole, backs off, holds, condemns. No I/O, no clock, no chance of its own.
///
/// Facts go in through `on(_:now:)`, decisions come out of `next(now:maySend:)` until it returns nil; `deadline(maySend:)`
/// tells when to ask again although nothing happened. Times are milliseconds of the monotonic clock.
struct PushMachine: ~Copyable {
    /// A record as far as delivery cares.
    struct Record: Sendable, Equatable {
        var seq: SequenceNumber
        var device: DeviceID?
    }

    enum Event {
        /// The stream may hold more than was read.
        case appended
        /// The answer to `.read`: its records get consecutive slots from `nextSlot` on; everything up to `next` has been
        /// looked at, and `more` tells whether there is something behind it.
        case read([Record], next: SequenceNumber, more: Bool)
        case readFailed
        case answered(slot: UInt64, PushOutcome)
        /// The end of `.refuse`: stored durably or not.
        case refused(slot: UInt64, Bool)
        /// The end of `.save`: stored durably or not.
        case saved(SequenceNumber, Bool)
        /// Somebody wants everything tried now.
        case flush
        /// The destination limits our requests, seen elsewhere than at a record.
        case limited(reason: String, retryAfter: Int64?)
        case stop
    }

    enum Action: Equatable {
        case read(after: SequenceNumber, limit: Int)
        case send(slot: UInt64)
        case refuse(slot: UInt64, status: Int, reason: String)
        case save(SequenceNumber)
    }

    /// What people are told.
    enum Condition: Equatable {
        case flowing
        case retrying(String)
        case held(String)
        case paced(String)
    }

    enum Link: Equatable {
        case flowing
        case waiting(until: Int64)
        /// Half open: one record is tried, or shall be (nil).
        case probing(slot: UInt64?)
    }

    struct Refusal {
        var slot: UInt64
        var status: Int
        var reason: String
        var dueAt: Int64
        var isUnderWay = false
    }

    let settings: PushSettings
    var window = PushWindow()
    var lanes = PushLanes()
    var link = Link.flowing
    /// Why the link is not flowing.
    var cause = Condition.flowing
    /// Why the last lane began to cool.
    var laneReason = ""
    var inFlight = 0
    var isStopping = false
    /// One beyond the highest slot ever sent.
    var sentBelow: UInt64 = 0
    var troublesInRow = 0
    var retry: Backoff
    var hold: Backoff
    var random: SplitMix64
    var refusals: [Refusal] = []
    var mayHaveMore = true
    var isReading = false
    private var hasGrownSinceRead = false
    var readAt = Int64.min
    var saveAt = Int64.min
    var isSaving = false

    /// The last sequence read or passed over.
    private(set) var readTo: SequenceNumber
    /// Everything up to here is finished.
    private(set) var finishedTo: SequenceNumber
    /// Everything up to here is durably acknowledged.
    private(set) var savedTo: SequenceNumber

    init(_ settings: PushSettings, from cursor: SequenceNumber, seed: UInt64) {
        self.settings = settings
        retry = Backoff(
            initial: settings.retryDelayInitial, max: settings.retryDelayMax, stableAfter: settings.stableAfter)
        hold = Backoff(
            initial: settings.holdDelayInitial, max: settings.holdDelayMax, stableAfter: settings.stableAfter)
        random = SplitMix64(seed: seed)
        readTo = cursor
        finishedTo = cursor
        savedTo = cursor
    }

    var nextSlot: UInt64 { window.nextSlot }

    /// Whether a stop has nothing left to do.
    var isDrained: Bool { inFlight == 0 && savedTo == finishedTo && (link != .flowing || !lanes.hasReady) }

    var condition: Condition {
        if link != .flowing { return cause }
        return lanes.coolingCount > 0 ? .retrying(laneReason) : .flowing
    }

    mutating func on(_ event: Event, now: Int64) {
        switch event {
        case .appended:
            mayHaveMore = true
            // The page under way may have been read before.
            hasGrownSinceRead = isReading
        case .read(let records, let next, let more): take(records, next: next, more: more)
        case .readFailed:
            isReading = false
            readAt = now + 1_000
        case .answered(let slot, let outcome): answered(slot, outcome, now)
        case .refused(let slot, let isStored): refused(slot, isStored, now)
        case .saved(let seq, let isStored):
            isSaving = false
            if isStored { savedTo = max(savedTo, seq) }
            saveAt = now + (isStored ? settings.saveInterval : 1_000)
        case .flush: flush(now)
        case .limited(let reason, let retryAfter): limit(reason, retryAfter, now)
        case .stop:
            isStopping = true
            saveAt = now
        }
    }

    /// The next thing to do, nil if there is none before `deadline`. `maySend` is false while a budget forbids requests.
    mutating func next(now: Int64, maySend: Bool = true) -> Action? {
        if let action = nextRefusal(now) { return action }
        if finishedTo > savedTo, !isSaving, now >= saveAt {
            isSaving = true
            return .save(finishedTo)
        }
        if isStopping { return maySend ? nextSendBeforeStop() : nil }
        if wantsRead, now >= readAt {
            isReading = true
            return .read(after: readTo, limit: min(settings.pageRecords, settings.windowRecordsMax - window.heldCount))
        }
        return maySend ? nextSend(now) : nil
    }

    /// When to ask again; nil: only after the next event. `maySend` as in `next`.
    func deadline(maySend: Bool = true) -> Int64? {
        var earliest = Int64.max
        for refusal in refusals where !refusal.isUnderWay { earliest = min(earliest, refusal.dueAt) }
        if finishedTo > savedTo, !isSaving { earliest = min(earliest, saveAt) }
        if !isStopping {
            if wantsRead { earliest = min(earliest, readAt) }
            if maySend, let sendAt { earliest = min(earliest, sendAt) }
        }
        return earliest == .max ? nil : earliest
    }

    /// Whether a record could be sent if the budget allowed it.
    var hasSomethingToSend: Bool { lanes.hasReady || lanes.coolingCount > 0 }

    private var sendAt: Int64? {
        switch link {
        case .waiting(let until): hasSomethingToSend ? until : nil
        case .flowing, .probing(nil): lanes.warmAt
        case .probing: nil
        }
    }

    private var wantsRead: Bool {
        mayHaveMore && !isReading && window.heldCount <= readAheadMax && window.span < settings.windowSpanMax
    }

    /// Little is held while it flows, since what is sent soon after it was read costs least; much, when devices in
    /// trouble fill the window with records that have to wait for each other.
    private var readAheadMax: Int {
        let flows = lanes.hasReady && lanes.coolingCount == 0
        return flows ? min(settings.pageRecords, settings.windowRecordsMax / 2) : settings.windowRecordsMax / 2
    }

    private mutating func take(_ records: [Record], next: SequenceNumber, more: Bool) {
        isReading = false
        mayHaveMore = more || hasGrownSinceRead
        hasGrownSinceRead = false
        for record in records where record.seq > readTo {
            let (lane, previous) = lanes.append(window.nextSlot, device: record.device)
            let slot = window.append(record.seq, lane: lane)
            if let previous { window.link(previous, to: slot) }
            readTo = record.seq
        }
        if next > readTo {
            window.appendGap(to: next)
            readTo = next
        }
        advance()
    }

    /// Moves the cursor over what is finished at the front of the window.
    mutating func advance() {
        if let reached = window.advance() { finishedTo = reached }
    }
}
