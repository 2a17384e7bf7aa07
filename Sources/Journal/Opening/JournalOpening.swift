internal import GatewayModel
internal import SQLite

/// Brings the journal from what is on disk to where it can be written again.
enum JournalOpening {
    struct Opened {
        var state: JournalState
        var writers: [StreamName: StreamWriter]
        /// Events that a crash kept from being stored after the readings that caused them, and entries of the audit.
        var owed: [Note]
    }

    static func open(
        _ configuration: Journal.Configuration, state database: Database, clock: any Clock
    ) throws(JournalError) -> Opened {
        try Folder.make(configuration.dataDirectory + "/journal")
        let configuration = configuration.fitted(to: DiskSpace.of(configuration.dataDirectory))
        do throws(SQLiteError) {
            let store = try StateStore(database)
            if let reserve = configuration.reserve {
                for database in [store.durable, store.quick] { database.relieve { reserve.release() } }
            }
            let before = try store.numbering()
            let generation = (before?.generation ?? 0) + 1
            var scans: [StreamName: StreamScan] = [:]
            for stream in StreamName.allCases {
                let log = StreamLog(stream, dataDirectory: configuration.dataDirectory)
                let seen = try store.seen(stream, epoch: before?.epoch ?? "")
                let reserved = before == nil ? nil : try store.reserved(stream)
                do throws(JournalError) {
                    scans[stream] = try StreamScan(
                        log, generation: generation, segmentSize: configuration.segmentSize(of: stream),
                        damagedFolder: configuration.damagedFolder, seen: seen, reserved: reserved)
                } catch { throw error.asSQLite }
            }
            return try open(configuration, store, before, scans, clock)
        } catch { throw JournalError(error) }
    }

    private static func open(
        _ configuration: Journal.Configuration, _ store: StateStore, _ before: StateStore.Numbering?,
        _ scans: [StreamName: StreamScan], _ clock: any Clock
    ) throws(SQLiteError) -> Opened {
        let ledger = try LossLedger(store)
        let now = clock.now().wall
        var ends: [StreamName: Int64] = [:]
        var isIntact = before != nil || scans.values.allSatisfy { $0.segments.isEmpty && $0.damaged.isEmpty }
        for (stream, scan) in scans.inOrder {
            let seen = try store.seen(stream, epoch: before?.epoch ?? "")
            let end = max(scan.last, seen)
            ends[stream] = end
            if try isTrusted(scan, before, store, seen: seen) == false { isIntact = false }
            try enterLosses(scan, end, ledger, now)
        }
        let numbering = StateStore.Numbering(
            epoch: before.flatMap { isIntact ? $0.epoch : nil } ?? newEpoch(configuration.entropy),
            generation: max(before?.generation ?? 0, scans.values.map { $0.facts?.generation ?? 0 }.max() ?? 0) + 1)
        // Damage sets numbers free at the end; they are not used again, so that even a reader who ignores the epoch
        // never takes one record for another.
        for (stream, scan) in scans.inOrder {
            if let end = scan.damagedRanges(end: ends[stream] ?? 0).map(\.upperBound).max() {
                ends[stream] = max(ends[stream] ?? 0, end)
            }
        }
        try store.begin(numbering, isNewEpoch: !isIntact, ends: ends)
        return try assemble(configuration, store, ledger, numbering, scans, ends, clock)
    }

    /// Whether the stream goes on where `state.db` believes it does. If not, a number could come to mean two records.
    private static func isTrusted(
        _ scan: StreamScan, _ before: StateStore.Numbering?, _ store: StateStore, seen: Int64
    ) throws(SQLiteError) -> Bool {
        // The tail is lost: records that somebody may have seen.
        if scan.last < seen { return false }
        // An older state.db, or another journal's.
        if scan.last > (try store.reserved(scan.log.stream)) { return false }
        if let facts = scan.facts, facts.generation > before?.generation ?? 0 { return false }
        // Nobody can tell how many records a damaged segment at the end has held.
        let newest = scan.segments.last?.file.first ?? 0
        return !scan.damaged.contains { $0.first >= newest }
    }

    private static func enterLosses(
        _ scan: StreamScan, _ end: Int64, _ ledger: LossLedger, _ now: Timestamp
    ) throws(SQLiteError) {
        var ranges = scan.damagedRanges(end: end).map { ($0, "damaged") }
        if end > scan.last, !ranges.contains(where: { $0.0.upperBound >= end }) {
            ranges.append((scan.last + 1...end, "lost_tail"))
        }
        for (range, reason) in ranges {
            let gap = StreamGap(
                from: SequenceNumber(range.lowerBound), to: SequenceNumber(range.upperBound),
                count: Int64(range.count), reason: reason)
            try ledger.enter(LossLedger.Loss(stream: scan.log.stream, gap: gap, needed: gap.count), at: now)
        }
    }

    private static func assemble(
        _ configuration: Journal.Configuration, _ store: StateStore, _ ledger: LossLedger,
        _ numbering: StateStore.Numbering, _ scans: [StreamName: StreamScan], _ ends: [StreamName: Int64],
        _ clock: any Clock
    ) throws(SQLiteError) -> Opened {
        for (stream, scan) in scans.inOrder { scan.log.replace(scan.segments, last: ends[stream] ?? scan.last) }
        guard let readings = scans[.readings] else { preconditionFailure("every stream was scanned") }
        let book = try store.durable.read { connection throws(SQLiteError) in try ClockBook(connection) }
        let pool = ReaderPool(book)
        let isWhole = readings.damaged.isEmpty && (readings.segments.first?.file.first ?? 1) == 1
        let rebuild = try MemoryRebuild(readings.log, pool, isWhole: isWhole && ends[.readings] == readings.last)
        var writers: [StreamName: StreamWriter] = [:]
        for (stream, scan) in scans.inOrder {
            let end = ends[stream] ?? scan.last
            // A segment with damage in it is not written on: as soon as another one follows it, readers get past it.
            let isSound = stream != .readings || !rebuild.damaged.contains { $0 == scan.active?.file }
            if !isSound, let active = scan.active { scan.log.suspect(active.file, reason: "a page is damaged") }
            let goesOn = isSound && scan.facts?.epoch == numbering.epoch && end == scan.last
            writers[stream] = try StreamWriter(
                scan.log, goesOn ? scan.active : nil, last: end, cause: scan.facts?.cause ?? 0, numbering: numbering,
                state: store, segmentSize: configuration.segmentSize(of: stream),
                repetitions: try repetitions(scan.log, pool))
        }
        guard let events = writers[.events] else { preconditionFailure("every stream has a writer") }
        let logs = scans.mapValues(\.log)
        let found = scans.inOrder.flatMap { $0.value.reports(end: ends[$0.key] ?? $0.value.last) }
        let repairs = Repairs(damagedFolder: configuration.damagedFolder, found: found)
        let state = try JournalState(
            configuration, clock: clock, state: store, numbering: numbering, logs: logs, pool: pool, ledger: ledger,
            repairs: repairs, memory: rebuild.memory)
        let unentered = try explainBeginnings(state)
        let owed = unentered + rebuild.events.filter { ($0.cause?.rawValue ?? 0) > events.cause }
        return Opened(state: state, writers: writers, owed: owed)
    }

    /// Transports make notes of messages in these streams alone.
    private static func repetitions(_ log: StreamLog, _ pool: ReaderPool) throws(SQLiteError) -> NoteRepetitions {
        guard log.stream == .events || log.stream == .logs else { return NoteRepetitions() }
        return try NoteRepetitions(log, pool)
    }

    /// Enters what was evicted on a full disk by a process that ended before it could, or just now for the opening.
    private static func explainBeginnings(_ state: JournalState) throws(SQLiteError) -> [Note] {
        var notes: [Note] = []
        for (stream, log) in state.logs.inOrder {
            let floor = state.cursors.requiredFloor(of: stream) ?? .max
            // Whoever had them in memory has died since.
            if floor < .max, let lost = try state.ledger.forfeit(floor + 1 ... .max, of: stream) {
                notes.append(.recordsLost(stream, lost, state.clock.now()))
            }
            for range in state.ledger.unexplained(stream, through: log.first - 1) {
                let gap = StreamGap(
                    from: SequenceNumber(range.lowerBound), to: SequenceNumber(range.upperBound),
                    count: Int64(range.count), reason: EvictionOrder.Reason.diskFull.rawValue)
                let needed = max(0, range.upperBound - max(floor, range.lowerBound - 1))
                let loss = LossLedger.Loss(stream: stream, gap: gap, needed: needed)
                let now = state.clock.now()
                try state.ledger.enter(loss, at: now.wall)
                notes.append(.recordsEvicted(loss, now))
            }
        }
        return notes
    }

    private static func newEpoch(_ entropy: () -> UInt64) -> String {
        let digits = String(entropy(), radix: 16)
        return String(repeating: "0", count: max(0, 16 - digits.utf8.count)) + digits
    }
}
